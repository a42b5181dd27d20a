// That a digest of any hash, signed as SignRequest has it, verifies as what it is.
#include "providers/spire/keymanager/sign_request.h"

#include <openssl/evp.h>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"
#include "tests/support/matchers.h"

namespace rootkeep::spire {
namespace {

using keysocket::WireScheme;
using keysocket::WireType;
using testing::HasCode;
using testing::Says;

struct Hash {
  int number;
  const char* name;
  std::size_t size;
};
constexpr Hash kHashes[] = {{4, "SHA224", 28},      {5, "SHA256", 32},     {6, "SHA384", 48},    {7, "SHA512", 64},
                            {10, "SHA3-224", 28},   {11, "SHA3-256", 32},  {12, "SHA3-384", 48}, {13, "SHA3-512", 64},
                            {14, "SHA512-224", 28}, {15, "SHA512-256", 32}};

std::string DigestOf(const Hash& hash) {
  Bytes digest(hash.size);
  unsigned size = 0;
  EXPECT_EQ(EVP_Digest("message", 7, digest.data(), &size, EVP_get_digestbyname(hash.name), nullptr), 1);
  EXPECT_EQ(size, hash.size);
  return std::string(AsText(digest));
}

std::string AsString(const SignRequest& request) { return std::string(AsText(request.view())); }

// With the digest of the scheme's size, as a token is given it.
Bytes Sign(EVP_PKEY* key, const SignRequest& request) {
  const ossl::PKeyCtx context(EVP_PKEY_CTX_new(key, nullptr));
  Bytes signature(256);
  std::size_t size = signature.size();
  EXPECT_EQ(EVP_PKEY_sign_init(context.get()), 1);
  EXPECT_EQ(EVP_PKEY_sign(context.get(), signature.data(), &size, request.view().data(), request.view().size()), 1);
  signature.resize(size);
  return signature;
}

// By a verifier that has the whole message and its hash.
bool Verifies(EVP_PKEY* key, const Hash& hash, const Bytes& signature, const char* message) {
  const ossl::MdCtx context(EVP_MD_CTX_new());
  EXPECT_EQ(EVP_DigestVerifyInit(context.get(), nullptr, EVP_get_digestbyname(hash.name), nullptr, key), 1);
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), AsBytes(message).data(), 7) == 1;
}

TEST(SignRequest, EcKeysSignDigestsOfEveryHash) {
  for (const auto& [curve, type] : {std::pair("P-256", WireType::kEcP256), {"P-384", WireType::kEcP384}}) {
    const ossl::PKey key(EVP_EC_gen(curve));
    for (const Hash& hash : kHashes) {
      ASSERT_OK_AND_ASSIGN(const SignRequest request, PrepareToSign(type, {.hash = hash.number}, DigestOf(hash)));
      EXPECT_EQ(request.size, type == WireType::kEcP256 ? 32U : 48U);
      const Bytes signature = Sign(key.get(), request);
      EXPECT_TRUE(Verifies(key.get(), hash, signature, "message")) << curve << " " << hash.name;
      EXPECT_FALSE(Verifies(key.get(), hash, signature, "massage"));
    }
  }
}

TEST(SignRequest, LongDigestsAreCutAndShortOnesHaveZerosBefore) {
  const std::string digest(64, 'd');
  EXPECT_EQ(AsString(PrepareToSign(WireType::kEcP256, {.hash = 7}, digest).value()), digest.substr(0, 32));
  EXPECT_EQ(AsString(PrepareToSign(WireType::kEcP384, {.hash = 7}, digest).value()), digest.substr(0, 48));
  EXPECT_EQ(AsString(PrepareToSign(WireType::kEcP384, {.hash = 5}, digest.substr(0, 32)).value()),
            std::string(16, '\0') + digest.substr(0, 32));
}

TEST(SignRequest, RsaKeysHaveASchemeForEachHash) {
  const auto scheme = [](int hash, std::optional<std::int32_t> salt, std::size_t size) {
    return PrepareToSign(WireType::kRsa2048, {.hash = hash, .pss_salt_length = salt}, std::string(size, 'd'))
        .value()
        .scheme;
  };
  EXPECT_EQ(scheme(5, std::nullopt, 32), WireScheme::kRsaPkcs1Sha256);
  EXPECT_EQ(scheme(6, std::nullopt, 48), WireScheme::kRsaPkcs1Sha384);
  EXPECT_EQ(scheme(7, std::nullopt, 64), WireScheme::kRsaPkcs1Sha512);
  EXPECT_EQ(scheme(5, -1, 32), WireScheme::kRsaPssSha256);
  EXPECT_EQ(scheme(6, -1, 48), WireScheme::kRsaPssSha384);
  EXPECT_EQ(scheme(7, -1, 64), WireScheme::kRsaPssSha512);
  EXPECT_EQ(scheme(7, 64, 64), WireScheme::kRsaPssSha512);
  EXPECT_EQ(scheme(5, 0, 32), WireScheme::kRsaPssSha256) << "whatever fits";
}

TEST(SignRequest, SaysWhatIsNotOffered) {
  const std::string digest(32, 'd');
  EXPECT_THAT(PrepareToSign(WireType::kRsa2048, {.hash = 11}, digest), HasCode(Code::kUnimplemented));
  EXPECT_THAT(PrepareToSign(WireType::kRsa2048, {.hash = 11}, digest), Says("SHA3_256 is not supported"));
  EXPECT_THAT(PrepareToSign(WireType::kRsa4096, {.hash = 5, .pss_salt_length = 20}, digest),
              HasCode(Code::kUnimplemented));
  EXPECT_THAT(PrepareToSign(WireType::kRsa4096, {.hash = 5, .pss_salt_length = -2}, digest),
              HasCode(Code::kUnimplemented));
  EXPECT_THAT(PrepareToSign(WireType::kEcP256, {.hash = 5, .pss_salt_length = -1}, digest),
              HasCode(Code::kInvalidArgument));
  for (const int unknown : {-1, 1, 3, 8, 16}) {
    EXPECT_THAT(PrepareToSign(WireType::kEcP256, {.hash = unknown}, digest), HasCode(Code::kInvalidArgument));
  }
  for (const std::size_t size : std::initializer_list<std::size_t>{0, 31, 33, 48, 1 << 20}) {
    EXPECT_THAT(PrepareToSign(WireType::kEcP256, {.hash = 5}, std::string(size, 'd')), HasCode(Code::kInvalidArgument));
  }
}

}  // namespace
}  // namespace rootkeep::spire
