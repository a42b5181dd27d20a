// Keys larger than those that the other tests of the provider have.
#include <openssl/rsa.h>

#include "tests/e2e/provider_fixture.h"

namespace rootkeep {
namespace {

using testing::LibraryContext;
using testing::ReadKey;
using testing::TakeErrors;

class ProviderSizes : public ProviderSuite {
 protected:
  static void SetUpTestSuite() {
    host_ = new testing::ProviderHost({"rsa3072", "rsa4096"});
    host_->hsm().UnloadModule();
    host_->StartAgent();
  }

  // Of "message"; empty when it fails.
  static Bytes Sign(OSSL_LIB_CTX* context, EVP_PKEY* key, const char* digest, int padding) {
    const ossl::MdCtx md(EVP_MD_CTX_new());
    EVP_PKEY_CTX* choices = nullptr;
    Bytes signature(1024);
    std::size_t size = signature.size();
    const auto* message = reinterpret_cast<const unsigned char*>("message");
    if (EVP_DigestSignInit_ex(md.get(), &choices, digest, context, nullptr, key, nullptr) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(choices, padding) != 1 ||
        EVP_DigestSign(md.get(), signature.data(), &size, message, 7) != 1) {
      return {};
    }
    signature.resize(size);
    return signature;
  }
  static bool Verify(EVP_PKEY* key, const char* digest, int padding, const Bytes& signature) {
    const ossl::MdCtx md(EVP_MD_CTX_new());
    EVP_PKEY_CTX* choices = nullptr;
    const auto* message = reinterpret_cast<const unsigned char*>("message");
    return EVP_DigestVerifyInit_ex(md.get(), &choices, digest, nullptr, nullptr, key, nullptr) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(choices, padding) == 1 &&
           EVP_DigestVerify(md.get(), signature.data(), signature.size(), message, 7) == 1;
  }
};

TEST_F(ProviderSizes, LargeRsaKeysSignInEveryWay) {
  for (const testing::Listed listed : {testing::Listed::kLast, testing::Listed::kFirst}) {
    const LibraryContext context(host_->Config(listed));
    for (const auto& [name, bits] : {std::pair{"rsa3072", 3072}, std::pair{"rsa4096", 4096}}) {
      const auto key = ReadKey(context, host_->Reference(name));
      ASSERT_NE(key, nullptr) << name << TakeErrors();
      EXPECT_EQ(EVP_PKEY_get_bits(key.get()), bits);
      const auto file = FileKey(name);
      EXPECT_EQ(EVP_PKEY_eq(key.get(), file.get()), 1);
      for (const int padding : {RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING}) {
        for (const char* digest : {"SHA256", "SHA384", "SHA512"}) {
          const Bytes signature = Sign(context, key.get(), digest, padding);
          EXPECT_EQ(signature.size(), static_cast<std::size_t>(bits / 8)) << name << digest << TakeErrors();
          EXPECT_TRUE(Verify(file.get(), digest, padding, signature)) << name << " " << digest << " " << padding;
        }
      }
    }
  }
}

}  // namespace
}  // namespace rootkeep
