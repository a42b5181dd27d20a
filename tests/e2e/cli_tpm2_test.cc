// `rootkeep` on a second PKCS#11 implementation, beside a program that has the same token open.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tests/support/matchers.h"
#include "tests/support/program.h"
#include "tests/support/tpm2_pkcs11.h"

namespace rootkeep::testing {
namespace {

using nlohmann::json;

Deadline Soon() { return After(std::chrono::seconds(20)); }

class CliTpm2Test : public ::testing::Test {
 protected:
  ProgramResult OnToken(std::vector<std::string> words) const {
    words.insert(words.begin(), ROOTKEEP_BINARY);
    words.insert(words.end(), {"--module", Tpm2Pkcs11::ModulePath(), "--pin-source", token_.pin_source(), "--token",
                               Tpm2Pkcs11::kLabel});
    for (const auto& [name, value] : token_.module_config().environment) {
      words.insert(words.end(), {"--module-env", fmt::format("{}={}", name, value)});
    }
    return RunProgram(words);
  }

  Tpm2Pkcs11 token_;
  const std::shared_ptr<KeyStore> store_ = token_.OpenStore();
};

TEST_F(CliTpm2Test, AKeyMadeByAnotherProgramIsFoundAndItsNameIsTaken) {
  const KeySpec mine{.use = KeyUse::kApp, .name = "mine"};
  ASSERT_OK_AND_ASSIGN(const KeyInfo first, store_->Create(mine, Soon()));

  const ProgramResult created = OnToken({"key", "create", "--use", "app", "--name", "theirs", "--json"});
  ASSERT_EQ(created.exit_code, 0) << created.err;
  const json key = json::parse(created.out, nullptr, false);
  EXPECT_EQ(key["label"], "rk/app/theirs/1");
  EXPECT_EQ(key["voucher"], "claimed by token (software, for tests)");
  EXPECT_EQ(key["custody"]["extractable"], false);

  KeyUri uri = first.uri;
  uri.object_id.clear();
  uri.object_label = "rk/app/theirs/1";
  EXPECT_THAT(store_->Open(uri, Soon()), IsOk());
  EXPECT_THAT(store_->Create({.use = KeyUse::kApp, .name = "theirs"}, Soon()), HasCode(Code::kAlreadyExists));

  const ProgramResult list = OnToken({"key", "list", "--json"});
  EXPECT_EQ(json::parse(list.out, nullptr, false).size(), 2U) << list.err;
  const ProgramResult shown = OnToken({"key", "show", "rk/app/theirs/1", "--json"});
  EXPECT_EQ(json::parse(shown.out, nullptr, false), key) << shown.err;
}

TEST_F(CliTpm2Test, ANameThatAnotherProgramTookSinceIsNotTakenAgain) {
  const KeySpec spec{.use = KeyUse::kApp, .name = "web"};
  ASSERT_OK_AND_ASSIGN(const auto before, store_->List(Soon()));
  EXPECT_TRUE(before.empty());
  ASSERT_EQ(OnToken({"key", "create", "--use", "app", "--name", "web"}).exit_code, 0);
  EXPECT_THAT(store_->Create(spec, Soon()), HasCode(Code::kAlreadyExists));
}

}  // namespace
}  // namespace rootkeep::testing
