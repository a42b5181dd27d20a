#include "signer/bundle/trust_bundles.h"

#include "tests/unit/signer/bundle/bundle_fixture.h"

namespace rootkeep {
namespace {

using ::testing::ElementsAre;
using testing::HasReason;
using testing::IsOk;
using testing::kDomain;
using testing::SeedRoot;
using testing::TestHierarchy;

class TrustBundlesTest : public testing::BundleTest {};

TEST_F(TrustBundlesTest, IsNothingUntilItIsSeeded) {
  EXPECT_EQ(bundles_->Current(kDomain), nullptr);
  EXPECT_THAT(bundles_->PublishJwtKey(kDomain, KeyOf("a"), "test"), HasReason("trust_domain"));
  EXPECT_THAT(Seed({}), HasReason("bundle_empty"));
  EXPECT_EQ(bundles_->Current(kDomain), nullptr);
}

TEST_F(TrustBundlesTest, ASeedIsThereAfterARestartAndMakesNothingNewThen) {
  const TestHierarchy other;
  ASSERT_THAT(Seed({SeedRoot(ca_.root_der), SeedRoot(other.root_der)}), IsOk());
  const BundlePtr seeded = bundles_->Current(kDomain);
  EXPECT_THAT(seeded->roots, ElementsAre(SeedRoot(ca_.root_der), SeedRoot(other.root_der)));
  EXPECT_EQ(seeded->sequence, 1U);
  Reopen();
  EXPECT_EQ(*bundles_->Current(kDomain), *seeded);
  ASSERT_THAT(Seed({SeedRoot(other.root_der)}), IsOk());
  EXPECT_EQ(*bundles_->Current(kDomain), *seeded) << "what a file no longer names stays";
  EXPECT_EQ(bundles_->History(kDomain, 10).value().size(), 2U);
}

TEST_F(TrustBundlesTest, TheSequenceGrowsAcrossRestarts) {
  ASSERT_THAT(Seed({SeedRoot(ca_.root_der)}), IsOk());
  Reopen();
  ASSERT_THAT(Seed({SeedRoot(TestHierarchy().root_der)}), IsOk());
  EXPECT_EQ(bundles_->Current(kDomain)->sequence, 2U);
}

TEST_F(TrustBundlesTest, SeedsAreTakenAllOrNone) {
  const TestHierarchy other;
  BundleRoot same = SeedRoot(TestHierarchy().root_der);
  same.subject_key_id = SeedRoot(other.root_der).subject_key_id;
  EXPECT_THAT(bundles_->Seed({{.trust_domain = "one.test", .roots = {SeedRoot(ca_.root_der)}, .issuers = {}},
                              {.trust_domain = "two.test", .roots = {SeedRoot(other.root_der), same}, .issuers = {}}}),
              HasReason("root_key_id"));
  EXPECT_EQ(bundles_->Current("one.test"), nullptr);
  Reopen();
  EXPECT_EQ(bundles_->Current("one.test"), nullptr);
}

TEST_F(TrustBundlesTest, RootsWithoutKeyIdentifierCannotBeToldApart) {
  BundleRoot first = SeedRoot(ca_.root_der);
  BundleRoot second = SeedRoot(TestHierarchy().root_der);
  first.subject_key_id.clear();
  second.subject_key_id.clear();
  EXPECT_THAT(Seed({first}), IsOk());
  EXPECT_THAT(Seed({first, second}), HasReason("root_key_id"));
}

TEST_F(TrustBundlesTest, HasSoManyRootsAndNoMore) {
  std::vector<BundleRoot> roots;
  for (std::size_t i = 0; i <= kMostRoots; ++i) roots.push_back(SeedRoot(TestHierarchy().root_der));
  EXPECT_THAT(Seed(roots), HasReason("roots"));
  roots.pop_back();
  EXPECT_THAT(Seed(roots), IsOk());
}

TEST_F(TrustBundlesTest, AnAnchorVouchesForClientsOnceAFileOfRootsNamesIt) {
  BundleRoot anchor = SeedRoot(ca_.root_der);
  anchor.vouches_for_clients = false;
  ASSERT_THAT(Seed({anchor}), IsOk());
  EXPECT_FALSE(bundles_->Current(kDomain)->roots.front().vouches_for_clients);
  ASSERT_THAT(Seed({SeedRoot(ca_.root_der)}), IsOk());
  Reopen();
  EXPECT_TRUE(bundles_->Current(kDomain)->roots.front().vouches_for_clients);
  ASSERT_THAT(Seed({anchor}), IsOk());
  EXPECT_TRUE(bundles_->Current(kDomain)->roots.front().vouches_for_clients);
}

TEST_F(TrustBundlesTest, WhoWatchesIsToldAtOnceAndOfEachChange) {
  std::vector<std::uint64_t> seen;
  const auto watch = [&] {
    return bundles_->Watch(kDomain, [&](const BundlePtr& bundle) { seen.push_back(bundle->sequence); });
  };
  auto early = watch();
  EXPECT_THAT(seen, ElementsAre()) << "there is none yet";
  ASSERT_THAT(Seed({SeedRoot(ca_.root_der)}), IsOk());
  EXPECT_THAT(seen, ElementsAre(1));
  auto late = watch();
  EXPECT_THAT(seen, ElementsAre(1, 1));
  ASSERT_THAT(bundles_->PublishJwtKey(kDomain, KeyOf("a"), "test"), IsOk());
  EXPECT_THAT(seen, ElementsAre(1, 1, 2, 2));
  early.reset();
  ASSERT_THAT(bundles_->PublishJwtKey(kDomain, KeyOf("b"), "test"), IsOk());
  EXPECT_THAT(seen, ElementsAre(1, 1, 2, 2, 3));
  ASSERT_THAT(bundles_->Seed({{.trust_domain = "other.test", .roots = {SeedRoot(ca_.root_der)}, .issuers = {}}}),
              IsOk());
  EXPECT_EQ(seen.size(), 5U) << "another trust domain's";
}

TEST_F(TrustBundlesTest, WhoWatchesReadsWhatItIsTold) {
  BundlePtr told;
  BundlePtr read;
  const auto watch = bundles_->Watch(kDomain, [&](BundlePtr bundle) {
    told = std::move(bundle);
    read = bundles_->Current(kDomain);
  });
  ASSERT_THAT(Seed({SeedRoot(ca_.root_der)}), IsOk());
  EXPECT_EQ(told, read);
  EXPECT_NE(told, nullptr);
}

TEST_F(TrustBundlesTest, AChangeThatFailsChangesNothing) {
  ASSERT_THAT(Seed({SeedRoot(ca_.root_der)}), IsOk());
  const BundlePtr before = bundles_->Current(kDomain);
  const auto fail = [&](store::Database& database, TrustBundle&) -> Result<bool> {
    RK_RETURN_IF_ERROR(database.Execute("DELETE FROM trust_roots"));
    return true;
  };
  EXPECT_THAT(bundles_->Change(kDomain, fail), HasReason("bundle_empty"));
  EXPECT_EQ(bundles_->Current(kDomain), before);
  Reopen();
  EXPECT_EQ(*bundles_->Current(kDomain), *before);
}

TEST_F(TrustBundlesTest, WhoIsRefusedWithoutEndFillsNoDisk) {
  BundleEvent event{.trust_domain = kDomain, .act = "root removed", .refusal = "role", .by = "a"};
  for (std::size_t i = 0; i < TrustBundles::kRate.burst + 10; ++i) EXPECT_THAT(bundles_->Record(event), IsOk());
  const std::size_t recorded = bundles_->History(kDomain, 1000).value().size();
  EXPECT_GE(recorded, TrustBundles::kRate.burst);
  EXPECT_LT(recorded, TrustBundles::kRate.burst + 10) << "one more in five seconds, by the real clock";
  event.by = "b";
  EXPECT_THAT(bundles_->Record(event), IsOk());
  EXPECT_EQ(bundles_->History(kDomain, 1).value().front().by, "b");
}

}  // namespace
}  // namespace rootkeep
