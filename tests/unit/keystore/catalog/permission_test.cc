#include "keystore/catalog/permission.h"

#include "keystore/catalog/catalogued_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/matchers.h"
#include "tests/support/softhsm.h"
#include "tests/support/software_signer.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {
namespace {

constexpr char kLabel[] = "rk/rootkeep-ca/mesh/1";
constexpr Purpose kDaemon{.use = KeyUse::kRootkeepCa, .user = kUserDaemon};
constexpr Purpose kStatement{};

WallTime At(std::int64_t second) { return FromUnixSeconds(1'800'000'000 + second); }

class PermissionTest : public ::testing::Test {
 protected:
  static KeyInfo Labelled(const SoftwareSigner& signer, const std::string& label) {
    KeyInfo key = signer.info();
    key.label = label;
    key.named = ParseKeyLabel(label);
    return key;
  }
  static CatalogEntry Row(const KeyInfo& key, KeyState state, std::vector<std::string> users = {"rootkeepd"}) {
    CatalogEntry entry{.label = key.label, .named = *key.named, .users = std::move(users), .state = state};
    if (state != KeyState::kPending) entry.key = CataloguedKey{.id = key.id, .public_key = key.public_key};
    return entry;
  }

  Status Check(const CatalogEntry& row, const Purpose& purpose = kDaemon) const {
    return CheckPermitted(std::span(&row, 1), key_, purpose);
  }

  const SoftwareSigner signer_{"P-256"};
  const SoftwareSigner other_{"P-256"};
  const KeyInfo key_ = Labelled(signer_, kLabel);
};

TEST_F(PermissionTest, AnActiveKeySignsForItsUsers) {
  EXPECT_THAT(Check(Row(key_, KeyState::kActive)), IsOk());
  EXPECT_THAT(Check(Row(key_, KeyState::kActive, {"operator", "rootkeepd"})), IsOk());
}

TEST_F(PermissionTest, ForNobodyElse) {
  for (const std::vector<std::string>& users :
       {std::vector<std::string>{"operator"}, {}, {"rootkeepd2"}, {"rootkeep"}}) {
    EXPECT_THAT(Check(Row(key_, KeyState::kActive, users)), HasReason("key_user"));
  }
  EXPECT_THAT(Check(Row(key_, KeyState::kActive), {.use = std::nullopt, .user = kUserOperator}), HasReason("key_user"));
}

TEST_F(PermissionTest, AStatementAboutTheKeyNeedsNoUserButAnActiveKey) {
  EXPECT_THAT(Check(Row(key_, KeyState::kActive, {}), kStatement), IsOk());
  EXPECT_THAT(Check(Row(key_, KeyState::kRetired), kStatement), HasReason("key_state"));
}

TEST_F(PermissionTest, AKeyThatIsNotActiveSignsNothing) {
  EXPECT_THAT(Check(Row(key_, KeyState::kPending)), HasReason("key_pending"));
  EXPECT_THAT(Check(Row(key_, KeyState::kRetired)), HasReason("key_state"));
  EXPECT_THAT(Check(Row(key_, KeyState::kDestroyed)), HasReason("key_state"));
}

TEST_F(PermissionTest, AMissingKeyThatIsThereIsWhatItWas) {
  CatalogEntry row = Row(key_, KeyState::kMissing);
  EXPECT_THAT(Check(row), IsOk());
  row.retired_at = At(1);
  EXPECT_THAT(Check(row), HasReason("key_state"));
}

TEST_F(PermissionTest, TheUseIsTheCatalogues) {
  CatalogEntry row = Row(key_, KeyState::kActive);
  row.named.use = KeyUse::kApp;
  EXPECT_THAT(Check(row), HasReason("key_use"));
}

TEST_F(PermissionTest, AnotherLabelGivesTheSameKeyNoOtherUse) {
  // On the token somebody renamed an application's key.
  const KeyInfo app = Labelled(signer_, "rk/app/web/1");
  EXPECT_THAT(Check(Row(app, KeyState::kActive)), HasReason("key_use"));
  EXPECT_THAT(Check(Row(Labelled(signer_, "rk/rootkeep-ca/old/1"), KeyState::kRetired)), HasReason("key_state"));
}

TEST_F(PermissionTest, AnotherKeyUnderTheLabelIsRefused) {
  EXPECT_THAT(Check(Row(Labelled(other_, kLabel), KeyState::kActive)), HasReason("key_another"));
}

TEST_F(PermissionTest, EveryRowThatIsMeantMustAllowIt) {
  const std::vector<CatalogEntry> rows{Row(key_, KeyState::kActive),
                                       Row(Labelled(signer_, "rk/rootkeep-ca/old/1"), KeyState::kRetired)};
  EXPECT_THAT(CheckPermitted(rows, key_, kDaemon), HasReason("key_state"));
}

TEST_F(PermissionTest, AKeyWithoutARowIsToldApart) {
  EXPECT_THAT(CheckPermitted({}, key_, kDaemon), HasReason("key_uncatalogued"));
  EXPECT_THAT(Check(Row(Labelled(other_, "rk/app/web/1"), KeyState::kActive)), HasReason("key_uncatalogued"));
}

// What the store does with it.
class CataloguedOpenTest : public ::testing::Test {
 protected:
  Result<std::shared_ptr<const Signer>> OpenAs(std::string user) {
    CataloguedStore store(hsm_.OpenStore(), catalog_, {.label = SoftHsm::kLabel, .serial = ""}, clock_, {"operator"},
                          std::move(user));
    return store.Open({.object_label = "rk/app/web/1"}, After(std::chrono::seconds(60)));
  }

  TempDir dir_;
  SoftHsm hsm_;
  const std::shared_ptr<Catalog> catalog_ = Catalog::Open(dir_ / "keys.db").value();
  ManualClock clock_{1'800'000'000};
};

TEST_F(CataloguedOpenTest, OpensForThePermittedOnly) {
  const Deadline soon = After(std::chrono::seconds(60));
  const auto token = hsm_.OpenStore();
  ASSERT_THAT(token->Create({.name = "web"}, soon), IsOk());
  EXPECT_THAT(OpenAs("operator"), IsOk()) << "a key without a row is opened as before there were any";
  ASSERT_OK_AND_ASSIGN(const auto keys, token->List(soon));
  ASSERT_THAT(catalog_->Intend({.name = "web"}, {}, {"operator"}, At(0)), IsOk());
  EXPECT_THAT(OpenAs("operator"), HasReason("key_pending"));
  ASSERT_THAT(catalog_->Activate(keys.at(0), At(1)), IsOk());
  EXPECT_THAT(OpenAs("operator"), IsOk());
  EXPECT_THAT(OpenAs(""), IsOk());
  EXPECT_THAT(OpenAs("rootkeepd"), HasReason("key_user"));
  ASSERT_THAT(catalog_->Retire("rk/app/web/1", At(2)), IsOk());
  EXPECT_THAT(OpenAs("operator"), HasReason("key_state"));
}

}  // namespace
}  // namespace rootkeep::testing
