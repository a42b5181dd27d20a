#include "keystore/catalog/sweep.h"

#include "keystore/catalog/catalogued_store.h"
#include "tests/support/eventually.h"
#include "tests/support/manual_clock.h"
#include "tests/support/matchers.h"
#include "tests/support/softhsm.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {
namespace {

Deadline Soon() { return After(std::chrono::seconds(60)); }

class SweepTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = Catalog::Open(dir_ / "keys.db");
    ASSERT_THAT(opened, IsOk());
    catalog_ = std::move(*opened);
    store_ = hsm_.OpenStore();
  }

  KeyInfo Create(const std::string& name) {
    return CataloguedStore(store_, catalog_, token_, clock_).Create({.name = name}, Soon()).value();
  }
  Result<std::vector<Compared>> Sweep() { return rootkeep::Sweep(*catalog_, *store_, token_, clock_.Now(), Soon()); }
  // Of the one row or key with this label.
  Finding FindingOf(const std::string& label) {
    const std::vector<Compared> swept = Sweep().value();
    for (const Compared& row : swept) {
      if ((row.entry ? row.entry->label : row.key->label) == label) return row.finding;
    }
    ADD_FAILURE() << label << " is not reported";
    return Finding::kAsCatalogued;
  }
  CatalogEntry Row(const std::string& label) const { return catalog_->Find(label).value().value(); }

  TempDir dir_;
  SoftHsm hsm_;
  std::shared_ptr<Catalog> catalog_;
  std::shared_ptr<KeyStore> store_;
  const TokenName token_{.label = SoftHsm::kLabel, .serial = ""};
  ManualClock clock_{1'800'000'000};
};

TEST_F(SweepTest, ReportsOrphansOnEitherSideAndDeletesNone) {
  const KeyInfo lost = Create("lost");
  Create("kept");
  ASSERT_THAT(store_->Create({.name = "stray"}, Soon()), IsOk());
  ASSERT_THAT(store_->deleter()->Delete(lost.uri, Soon()), IsOk());
  clock_.Advance(std::chrono::seconds(5));

  ASSERT_OK_AND_ASSIGN(const auto swept, Sweep());
  ASSERT_EQ(swept.size(), 3U);
  EXPECT_EQ(swept[0].finding, Finding::kAsCatalogued);
  EXPECT_EQ(swept[1].finding, Finding::kMissing);
  EXPECT_EQ(swept[1].entry->state, KeyState::kMissing);
  EXPECT_EQ(swept[2].finding, Finding::kUncatalogued);
  EXPECT_EQ(swept[2].key->label, "rk/app/stray/1");
  EXPECT_EQ(Row("rk/app/lost/1").missing_at, clock_.Now());
  EXPECT_EQ(Row("rk/app/kept/1").state, KeyState::kActive);
  EXPECT_EQ(catalog_->List()->size(), 2U);
  EXPECT_EQ(store_->List(Soon())->size(), 2U);

  clock_.Advance(std::chrono::seconds(5));
  EXPECT_EQ(FindingOf("rk/app/lost/1"), Finding::kMissing);
  EXPECT_EQ(Row("rk/app/lost/1").missing_at, FromUnixSeconds(1'800'000'005)) << "the date of the loss stays";
}

TEST_F(SweepTest, AnotherKeyUnderTheLabelIsNotTheKey) {
  const KeyInfo lost = Create("web");
  ASSERT_THAT(store_->deleter()->Delete(lost.uri, Soon()), IsOk());
  ASSERT_THAT(store_->Create({.name = "web"}, Soon()), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto swept, Sweep());
  ASSERT_EQ(swept.size(), 2U);
  EXPECT_EQ(swept[0].finding, Finding::kAnotherKey);
  EXPECT_EQ(swept[0].entry->state, KeyState::kMissing);
  EXPECT_EQ(swept[1].finding, Finding::kUncatalogued);
}

TEST_F(SweepTest, ATokenThatIsAwayMakesNoKeyMissing) {
  Create("web");
  hsm_.TakeAway();
  EXPECT_FALSE(Sweep().ok());
  EXPECT_EQ(Row("rk/app/web/1").state, KeyState::kActive);
  hsm_.GiveBack();
  ASSERT_TRUE(Eventually([this] { return Sweep().ok(); }));
  EXPECT_EQ(FindingOf("rk/app/web/1"), Finding::kAsCatalogued);
}

TEST_F(SweepTest, AKeyThatIsThereAgainGetsItsStateBack) {
  Create("web");
  ASSERT_THAT(catalog_->Retire("rk/app/web/1", clock_.Now()), IsOk());
  ASSERT_THAT(catalog_->MarkMissing("rk/app/web/1", clock_.Now()), IsOk());
  EXPECT_EQ(FindingOf("rk/app/web/1"), Finding::kReturned);
  EXPECT_EQ(Row("rk/app/web/1").state, KeyState::kRetired);
  EXPECT_EQ(FindingOf("rk/app/web/1"), Finding::kAsCatalogued);
}

TEST_F(SweepTest, ADestroyedKeyMustBeGone) {
  const KeyInfo key = Create("web");
  ASSERT_THAT(catalog_->Retire("rk/app/web/1", clock_.Now()), IsOk());
  ASSERT_THAT(catalog_->OrderDestruction("rk/app/web/1", clock_.Now()), IsOk());
  ASSERT_THAT(catalog_->MarkDestroyed("rk/app/web/1", clock_.Now()), IsOk());
  EXPECT_EQ(FindingOf("rk/app/web/1"), Finding::kNotDestroyed);
  ASSERT_THAT(store_->deleter()->Delete(key.uri, Soon()), IsOk());
  EXPECT_EQ(FindingOf("rk/app/web/1"), Finding::kAsCatalogued);
  EXPECT_EQ(Row("rk/app/web/1").state, KeyState::kDestroyed);
}

TEST_F(SweepTest, FactsThatChangedAreReported) {
  Create("web");
  std::vector<KeyInfo> keys = store_->List(Soon()).value();
  EXPECT_EQ(Compare(catalog_->List().value(), keys, token_).at(0).finding, Finding::kAsCatalogued);
  keys[0].custody.extractable = true;
  EXPECT_EQ(Compare(catalog_->List().value(), keys, token_).at(0).finding, Finding::kFactsChanged);
}

TEST_F(SweepTest, RowsOfAnotherTokenAreNoneOfItsBusiness) {
  Create("web");
  const TokenName other{.label = "other", .serial = "ffff"};
  EXPECT_TRUE(Compare(catalog_->List().value(), {}, other).empty());
}

}  // namespace
}  // namespace rootkeep::testing
