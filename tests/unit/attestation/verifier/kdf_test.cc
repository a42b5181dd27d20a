#include "attestation/verifier/kdf.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>

#include "tests/support/matchers.h"

namespace rootkeep::attestation {
namespace {

using testing::HasCode;

Bytes Derive(const char* function, const std::vector<OSSL_PARAM>& params, std::size_t size) {
  const ossl::Owned<EVP_KDF, EVP_KDF_free> kdf(EVP_KDF_fetch(nullptr, function, nullptr));
  const ossl::Owned<EVP_KDF_CTX, EVP_KDF_CTX_free> ctx(EVP_KDF_CTX_new(kdf.get()));
  Bytes out(size);
  EXPECT_EQ(EVP_KDF_derive(ctx.get(), out.data(), out.size(), params.data()), 1) << function;
  return out;
}

OSSL_PARAM Octets(const char* name, ByteView value) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(value.data()), value.size());
}

OSSL_PARAM Text(const char* name, const char* value) {
  return OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(value), 0);
}

const Bytes kKey(32, 0x11);
const Bytes kU(34, 0x22);
const Bytes kV(7, 0x33);

// NIST SP 800-108 as OpenSSL has it, which puts label, a zero octet, context and length where the TPM does.
TEST(KdfA, IsCounterModeWithHmac) {
  Bytes context = kU;
  context.insert(context.end(), kV.begin(), kV.end());
  for (const auto& [hash, name] : {std::pair{Algorithm::kSha256, "SHA256"}, {Algorithm::kSha384, "SHA384"}}) {
    for (const std::uint32_t bits : {128U, 256U, 384U, 1024U}) {
      const Bytes expected = Derive(
          "KBKDF",
          {Text(OSSL_KDF_PARAM_MODE, "counter"), Text(OSSL_KDF_PARAM_MAC, "HMAC"), Text(OSSL_KDF_PARAM_DIGEST, name),
           Octets(OSSL_KDF_PARAM_KEY, kKey), Octets(OSSL_KDF_PARAM_SALT, AsBytes("STORAGE")),
           Octets(OSSL_KDF_PARAM_INFO, context), OSSL_PARAM_construct_end()},
          bits / 8);
      ASSERT_OK_AND_ASSIGN(const SecretBytes ours, KdfA(hash, kKey, "STORAGE", kU, kV, bits));
      EXPECT_EQ(ToBytes(ours.RevealForUse()), expected) << name << " " << bits;
    }
  }
}

// NIST SP 800-56A: the same inputs behind the counter.
TEST(KdfE, IsTheSingleStepFunction) {
  Bytes info = ToBytes(AsBytes(std::string_view("IDENTITY\0", 9)));
  info.insert(info.end(), kU.begin(), kU.end());
  info.insert(info.end(), kV.begin(), kV.end());
  for (const auto& [hash, name] : {std::pair{Algorithm::kSha256, "SHA256"}, {Algorithm::kSha384, "SHA384"}}) {
    for (const std::uint32_t bits : {128U, 256U, 512U}) {
      const Bytes expected = Derive("SSKDF",
                                    {Text(OSSL_KDF_PARAM_DIGEST, name), Octets(OSSL_KDF_PARAM_KEY, kKey),
                                     Octets(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()},
                                    bits / 8);
      ASSERT_OK_AND_ASSIGN(const SecretBytes ours, KdfE(hash, kKey, "IDENTITY", kU, kV, bits));
      EXPECT_EQ(ToBytes(ours.RevealForUse()), expected) << name << " " << bits;
    }
  }
}

TEST(Kdf, RefusesWhatNoTpmAsksFor) {
  EXPECT_THAT(KdfA(Algorithm::kNull, kKey, "STORAGE", kU, kV, 128), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(KdfA(Algorithm::kSha256, kKey, "STORAGE", kU, kV, 129), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(KdfE(Algorithm::kSha256, kKey, "IDENTITY", kU, kV, 1032), HasCode(Code::kInvalidArgument));
}

}  // namespace
}  // namespace rootkeep::attestation
