// What is remembered of the agent's tokens.
#include "keystore/keysocket/server/served_keys.h"

#include "keystore/keysocket/values/convert.h"
#include "tests/support/matchers.h"
#include "tests/unit/keystore/keysocket/held_keys.h"

namespace rootkeep::keysocket {
namespace {

using testing::HasCode;
using testing::HeldKey;
using testing::IsOk;

Deadline Soon() { return After(std::chrono::seconds(30)); }
Fingerprint Of(const HeldKey& key) { return FingerprintOf(key.public_key()); }
bool AnyToken(const std::string& /*token*/) { return true; }
bool AnyKey(const std::string& /*token*/, const LabelParts& /*key*/) { return true; }

class KeySocketServedKeys : public ::testing::Test {
 protected:
  void List() { ASSERT_THAT(keys.List(AnyToken, AnyKey, Soon()), IsOk()); }

  const std::shared_ptr<testing::HeldKeys> one = std::make_shared<testing::HeldKeys>("one");
  const std::shared_ptr<testing::HeldKeys> two = std::make_shared<testing::HeldKeys>("two");
  ServedKeys keys{{{.name = "one", .store = one}, {.name = "two", .store = two}}};
};

TEST_F(KeySocketServedKeys, AreForgottenWhenTheirTokenDoesNotListThemAnyMore) {
  const auto web = one->Add("rk/app/web/1");
  const auto next = one->Add("rk/app/web/2");
  const auto mail = two->Add("rk/app/mail/1");
  List();
  one->Remove("rk/app/web/1");
  EXPECT_NE(keys.Known(Of(*web)), nullptr) << "nobody has asked";
  List();
  EXPECT_EQ(keys.Known(Of(*web)), nullptr);
  EXPECT_NE(keys.Known(Of(*next)), nullptr);
  EXPECT_NE(keys.Known(Of(*mail)), nullptr);

  two->Remove("rk/app/mail/1");
  EXPECT_THAT(keys.Find(Fingerprint{1}, AnyToken, Soon()), HasCode(Code::kNotFound));
  EXPECT_EQ(keys.Known(Of(*mail)), nullptr) << "a look lists too";
}

TEST_F(KeySocketServedKeys, StayKnownWhileTheirTokenIsAway) {
  const auto web = one->Add("rk/app/web/1");
  List();
  one->away = true;
  EXPECT_THAT(keys.List(AnyToken, AnyKey, Soon()), HasCode(Code::kUnavailable));
  EXPECT_NE(keys.Known(Of(*web)), nullptr);
}

TEST_F(KeySocketServedKeys, ASearchThatThrewSaysNothingToTheNext) {
  const auto web = one->Add("rk/app/web/1");
  one->throws = true;
  EXPECT_THROW((void)keys.Find(Of(*web), AnyToken, Soon()), std::bad_alloc);
  one->throws = false;
  EXPECT_THAT(keys.Find(Of(*web), AnyToken, Soon()), IsOk());
}

// A CA that fails to rotate makes one in ten seconds, and lists none.
TEST_F(KeySocketServedKeys, OfAForeignCasNameOnlyTheNewestIsRemembered) {
  Fingerprint before{};
  for (std::uint32_t generation = 1; generation <= 200; ++generation) {
    const KeySpec spec{.use = KeyUse::kForeignCa, .name = "ca", .generation = generation};
    ASSERT_OK_AND_ASSIGN(const ServedKeyPtr made, keys.Create("one", spec, Soon()));
    EXPECT_EQ(keys.Known(before), nullptr);
    before = FingerprintOf(made->info.public_key);
    EXPECT_NE(keys.Known(before), nullptr);
  }
  const auto app = keys.Create("one", {.name = "web"}, Soon());
  ASSERT_THAT(keys.Create("one", {.name = "web", .generation = 2}, Soon()), IsOk());
  EXPECT_NE(keys.Known(FingerprintOf((*app)->info.public_key)), nullptr) << "others go on with an older one";
}

// The list was written before the key was there.
TEST_F(KeySocketServedKeys, OneThatIsMadeWhileTheTokenListsIsNotForgotten) {
  ServedKeyPtr made;
  one->when_listed = [&] {
    const auto created = keys.Create("one", {.name = "web"}, Soon());
    ASSERT_THAT(created, IsOk());
    made = *created;
  };
  List();
  ASSERT_NE(made, nullptr);
  EXPECT_NE(keys.Known(FingerprintOf(made->info.public_key)), nullptr);
}

}  // namespace
}  // namespace rootkeep::keysocket
