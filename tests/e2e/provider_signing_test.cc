// What callers choose of a signature, and when: nothing is signed that they have not asked for.
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "tests/e2e/provider_fixture.h"

namespace rootkeep {
namespace {

using ::testing::HasSubstr;
using testing::LibraryContext;
using testing::ReadKey;
using testing::TakeErrors;
using testing::VerifyMessage;

OSSL_PARAM Words(const char* name, const char* words) {
  return OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(words), 0);
}

class ProviderSigning : public ProviderSuite {
 protected:
  // Whether an operation with this digest begins with these parameters.
  bool Begins(const char* key, const char* digest, std::vector<OSSL_PARAM> params) {
    const auto pkey = ReadKey(context_, host_->Reference(key));
    const ossl::MdCtx md(EVP_MD_CTX_new());
    params.push_back(OSSL_PARAM_construct_end());
    return EVP_DigestSignInit_ex(md.get(), nullptr, digest, context_, nullptr, pkey.get(), params.data()) == 1;
  }

  const LibraryContext context_{host_->Config()};
};

// libcrypto hands the whole call on; what went before must not be forgotten.
TEST_F(ProviderSigning, AMessageBegunInPiecesMayEndInOne) {
  for (const KeyCase& key : kKeys) {
    if (key.digest == nullptr) continue;
    const auto pkey = ReadKey(context_, host_->Reference(key.name));
    const ossl::MdCtx md(EVP_MD_CTX_new());
    ASSERT_EQ(EVP_DigestSignInit_ex(md.get(), nullptr, key.digest, context_, nullptr, pkey.get(), nullptr), 1);
    ASSERT_EQ(EVP_DigestSignUpdate(md.get(), "mes", 3), 1);
    const auto* const rest = reinterpret_cast<const unsigned char*>("sage");
    std::size_t size = 0;
    ASSERT_EQ(EVP_DigestSign(md.get(), nullptr, &size, rest, 4), 1);
    std::string signature(size, '\0');
    ASSERT_EQ(EVP_DigestSign(md.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, rest, 4), 1)
        << TakeErrors();
    signature.resize(size);
    EXPECT_TRUE(VerifyMessage(pkey.get(), key.digest, "message", signature)) << key.name;
  }
}

TEST_F(ProviderSigning, TheDigestStaysAsItWasBegun) {
  const auto pkey = ReadKey(context_, host_->Reference("rsa"));
  const ossl::MdCtx md(EVP_MD_CTX_new());
  EVP_PKEY_CTX* pctx = nullptr;
  ASSERT_EQ(EVP_DigestSignInit_ex(md.get(), &pctx, "SHA256", context_, nullptr, pkey.get(), nullptr), 1);
  for (const auto& [digest, taken] : {std::pair{"SHA2-256", 1}, std::pair{"SHA512", 0}, std::pair{"", 0}}) {
    const OSSL_PARAM params[] = {Words(OSSL_SIGNATURE_PARAM_DIGEST, digest), OSSL_PARAM_construct_end()};
    EXPECT_EQ(EVP_PKEY_CTX_set_params(pctx, params) == 1 ? 1 : 0, taken) << digest;
  }
}

TEST_F(ProviderSigning, APssSaltOrMaskThatNoAgentMakesIsRefusedAtOnce) {
  const OSSL_PARAM pss = Words(OSSL_SIGNATURE_PARAM_PAD_MODE, "pss");
  EXPECT_TRUE(Begins("rsa", "SHA256", {pss, Words(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, "32")})) << TakeErrors();
  EXPECT_TRUE(Begins("rsa", "SHA512", {pss, Words(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, "64")})) << TakeErrors();
  for (const char* salt : {"20", "64", "32abc", "", "-7"}) {
    EXPECT_FALSE(Begins("rsa", "SHA256", {pss, Words(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, salt)})) << salt;
  }
  EXPECT_TRUE(Begins("rsa", "SHA256", {pss, Words(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, "SHA256")})) << TakeErrors();
  for (const char* mask : {"SHA512", "SHA1"}) {
    EXPECT_FALSE(Begins("rsa", "SHA256", {pss, Words(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, mask)})) << mask;
  }
}

// Parameters of OpenSSL 3.2 and later, which 3.0 hands on as well.
TEST_F(ProviderSigning, NothingElseIsSignedInThePlaceOfAVariant) {
  EXPECT_TRUE(Begins("ed", nullptr, {Words("instance", "Ed25519")})) << TakeErrors();
  EXPECT_FALSE(Begins("ed", nullptr, {Words("instance", "Ed25519ph")}));
  char domain[] = "domain";
  EXPECT_TRUE(Begins("ed", nullptr, {OSSL_PARAM_construct_octet_string("context-string", domain, 0)})) << TakeErrors();
  EXPECT_FALSE(Begins("ed", nullptr, {OSSL_PARAM_construct_octet_string("context-string", domain, 6)}));
  unsigned nonce = 0;
  EXPECT_TRUE(Begins("p256", "SHA256", {OSSL_PARAM_construct_uint("nonce-type", &nonce)})) << TakeErrors();
  nonce = 1;
  EXPECT_FALSE(Begins("p256", "SHA256", {OSSL_PARAM_construct_uint("nonce-type", &nonce)}));
}

TEST_F(ProviderSigning, WhatWasSignedCanBeRecovered) {
  const auto pkey = ReadKey(context_, host_->Reference("rsa"));
  const std::string digest(32, 'd');
  const ossl::PKeyCtx sign(EVP_PKEY_CTX_new_from_pkey(context_, pkey.get(), nullptr));
  ASSERT_EQ(EVP_PKEY_sign_init(sign.get()), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_signature_md(sign.get(), EVP_sha256()), 1);
  std::array<unsigned char, 256> signature{};
  std::size_t size = signature.size();
  ASSERT_EQ(EVP_PKEY_sign(sign.get(), signature.data(), &size, reinterpret_cast<const unsigned char*>(digest.data()),
                          digest.size()),
            1);
  const ossl::PKeyCtx recover(EVP_PKEY_CTX_new_from_pkey(context_, pkey.get(), nullptr));
  ASSERT_EQ(EVP_PKEY_verify_recover_init(recover.get()), 1) << TakeErrors();
  ASSERT_EQ(EVP_PKEY_CTX_set_signature_md(recover.get(), EVP_sha256()), 1);
  std::string recovered(256, '\0');
  std::size_t length = recovered.size();
  ASSERT_EQ(EVP_PKEY_verify_recover(recover.get(), reinterpret_cast<unsigned char*>(recovered.data()), &length,
                                    signature.data(), size),
            1)
      << TakeErrors();
  EXPECT_EQ(recovered.substr(0, length), digest);
}

TEST_F(ProviderSigning, ASettingThatCannotBeUnderstoodIsSaid) {
  for (const char* setting : {"timeout_ms = 30s", "timeout_ms = 0", "timeout_ms = ten"}) {
    const LibraryContext context(host_->Config(testing::Listed::kLast, std::string(setting) + "\n"));
    EXPECT_EQ(ReadKey(context, host_->Reference("p256")), nullptr) << setting;
    EXPECT_THAT(TakeErrors(), HasSubstr("timeout_ms")) << setting;
  }
}

// Whoever may hand in a file could else use up the places for sockets.
TEST_F(ProviderSigning, AFileThatNamesNobodysSocketTakesNoPlace) {
  for (int i = 0; i < 70; ++i) {
    const std::string file = host_->ReferenceAt("p256", "/dev/null/" + std::to_string(i));
    EXPECT_EQ(ReadKey(context_, file), nullptr);
  }
  ERR_clear_error();
  EXPECT_NE(ReadKey(context_, host_->Reference("p256")), nullptr) << TakeErrors();
}

}  // namespace
}  // namespace rootkeep
