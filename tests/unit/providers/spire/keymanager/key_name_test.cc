#include "providers/spire/keymanager/key_name.h"

#include "keystore/key_spec.h"
#include "tests/support/matchers.h"

namespace rootkeep::spire {
namespace {

using testing::HasCode;
using testing::IsOk;
using ::testing::Optional;

TEST(KeyName, OfEveryIdOfSpires) {
  EXPECT_EQ(KeyNameOf("prod-1", "x509-CA-A").value(), "prod-1.x509-.c.a-.a");
  for (const char* id : {"x509-CA-A", "x509-CA-B", "JWT-Signer-A", "JWT-Signer-B", "WIT-Signer-A", "WIT-Signer-B",
                         "agent-svid-A", "agent-svid-B"}) {
    const std::string name = KeyNameOf(std::string(32, 'i'), id).value();
    EXPECT_THAT(KeyLabel({.use = KeyUse::kForeignCa, .name = name}), IsOk()) << id;
    EXPECT_THAT(KeyIdOf(std::string(32, 'i'), name), Optional(std::string(id)));
  }
}

TEST(KeyName, TellsIdsApart) {
  const std::string every_octet{'a', 'A', '0', '-', '.', '_', '/', ' ', '\0', '\n', '\xff'};
  EXPECT_THAT(KeyIdOf("i", KeyNameOf("i", every_octet).value()), Optional(every_octet));
  EXPECT_THAT(KeyLabel({.name = KeyNameOf("i", every_octet).value()}), IsOk());
  EXPECT_NE(KeyNameOf("i", "a").value(), KeyNameOf("i", "A").value());
  EXPECT_NE(KeyNameOf("i", ".a").value(), KeyNameOf("i", "A").value());
  EXPECT_THAT(KeyNameOf("i", std::string(62, 'a')), IsOk());
  EXPECT_THAT(KeyNameOf("i", std::string(63, 'a')), HasCode(Code::kInvalidArgument));
}

TEST(KeyName, IsReadOnlyAsItWasWritten) {
  EXPECT_THAT(KeyIdOf("prod-1", "prod-1.a"), Optional(std::string("a")));
  for (const char* name : {"prod-1", "prod-1.", "prod-1a.a", "prod-2.a", "prod-11.a", "prod-1..", "prod-1...4",
                           "prod-1...4g", "prod-1..61", "prod-1..._", "prod-1.A", "prod-1.a_", "prod-1..1"}) {
    EXPECT_EQ(KeyIdOf("prod-1", name), std::nullopt) << name;
  }
  EXPECT_EQ(KeyIdOf("prod-1", "prod-1.a..."), std::nullopt);
  EXPECT_EQ(KeyIdOf("prod-1", "prod-1...61"), std::nullopt) << "that octet is written as itself";
  EXPECT_THAT(KeyIdOf("prod-1", "prod-1...5f"), Optional(std::string("_")));
}

TEST(KeyName, AnInstanceIsAName) {
  for (const char* good : {"a", "0", "prod-1", "abcdefghijklmnopqrstuvwxyz012345"})
    EXPECT_THAT(CheckInstance(good), IsOk());
  for (const char* bad : {"", "-a", "A", "a.b", "a_b", "a b", "abcdefghijklmnopqrstuvwxyz0123456"}) {
    EXPECT_THAT(CheckInstance(bad), HasCode(Code::kInvalidArgument)) << bad;
  }
}

TEST(KeyName, IsInTheLabel) {
  const auto label = ParseForeignCaLabel("rk/foreign-ca/prod-1.a/17");
  ASSERT_TRUE(label);
  EXPECT_EQ(label->name, "prod-1.a");
  EXPECT_EQ(label->generation, 17U);
  for (const char* other : {"", "rk/app/prod-1.a/1", "rk/foreign-ca/prod-1.a", "rk/foreign-ca/prod-1.a/",
                            "rk/foreign-ca/prod-1.a/0", "rk/foreign-ca/prod-1.a/01", "rk/foreign-ca/prod-1.a/1x",
                            "rk/foreign-ca/prod-1.a/1/2", "rk/foreign-ca/prod-1.a/4294967296"}) {
    EXPECT_FALSE(ParseForeignCaLabel(other)) << other;
  }
}

}  // namespace
}  // namespace rootkeep::spire
