// rootkeep.so while the token behind its agent fails on purpose: what it gives is right or an error, and when the token
// works again so does the key, whatever was open meanwhile.
#include <openssl/err.h>

#include "tests/support/chaos.h"
#include "tests/support/eventually.h"
#include "tests/support/fault_list.h"
#include "tests/support/matchers.h"
#include "tests/support/provider_host.h"

namespace rootkeep {
namespace {

using testing::Chaos;
using testing::Eventually;
using testing::LibraryContext;
using testing::ReadKey;
using testing::SignMessage;
using testing::TakeErrors;
using testing::VerifyMessage;

class ProviderFault : public ::testing::Test {
 protected:
  ProviderFault() {
    host_.hsm().UnloadModule();
    host_.UseModule(Chaos::ModulePath(), chaos_.Environment(testing::SoftHsm::ModulePath()));
    host_.StartAgent();
  }
  void TearDown() override {
    chaos_.Clear();
    EXPECT_EQ(host_.StopAgent(), 0);
  }

  // Whether it signed; what it gave is right then, and otherwise it said why.
  bool Signs(EVP_PKEY* key, const std::string& fault) const {
    const std::string signature = SignMessage(*context_, key, "SHA256", "message");
    const std::string why = TakeErrors();
    if (signature.empty()) {
      EXPECT_THAT(why, ::testing::HasSubstr(host_.socket())) << fault;
      return false;
    }
    EXPECT_TRUE(VerifyMessage(key, "SHA256", "message", signature)) << fault;
    return true;
  }

  const Chaos chaos_;
  testing::ProviderHost host_{{"p256", "rsa"}};
  // A call is waited for this long.
  const std::unique_ptr<LibraryContext> context_ =
      std::make_unique<LibraryContext>(host_.Config(testing::Listed::kLast, "timeout_ms = 2000\n"));
};

TEST_F(ProviderFault, NothingThatTheTokenDoesIsPassedOnAsASignature) {
  const auto ec = ReadKey(*context_, host_.Reference("p256"));
  const auto rsa = ReadKey(*context_, host_.Reference("rsa"));
  ASSERT_TRUE(ec != nullptr && rsa != nullptr) << TakeErrors();
  int failed = 0;
  for (const char* fault : testing::kPassingFaults) {
    chaos_.Set(fault);
    for (int i = 0; i < 3; ++i) {
      for (EVP_PKEY* key : {ec.get(), rsa.get()}) failed += Signs(key, fault) ? 0 : 1;
      const auto again = ReadKey(*context_, host_.Reference("p256"));
      EXPECT_TRUE(again != nullptr || ERR_peek_error() != 0) << fault;
      ERR_clear_error();
    }
    chaos_.Clear();
    EXPECT_TRUE(Eventually([&] { return Signs(ec.get(), fault) && Signs(rsa.get(), fault); })) << fault;
  }
  EXPECT_GT(failed, 0) << "some of them cannot be made good";
  EXPECT_FALSE(chaos_.Faults("fail").empty());
}

// A wrong signature of an EC key the verifier finds out; of an RSA key it can tell the private key.
TEST_F(ProviderFault, AWrongRsaSignatureIsAnError) {
  const auto rsa = ReadKey(*context_, host_.Reference("rsa"));
  ASSERT_NE(rsa, nullptr) << TakeErrors();
  ASSERT_TRUE(Signs(rsa.get(), "none"));
  chaos_.Set("signature C_Sign flip");
  EXPECT_FALSE(Signs(rsa.get(), "flip"));
  EXPECT_FALSE(chaos_.Faults("signature").empty());
  chaos_.Clear();
  EXPECT_TRUE(Eventually([&] { return Signs(rsa.get(), "cleared"); }));
}

}  // namespace
}  // namespace rootkeep
