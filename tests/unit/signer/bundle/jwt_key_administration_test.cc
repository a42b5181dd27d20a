#include "signer/bundle/jwt_key_administration.h"

#include "signer/bundle/jwt_key.h"

#include "tests/unit/signer/bundle/bundle_fixture.h"

namespace rootkeep {
namespace {

using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::kDomain;
using testing::kTestNow;
using testing::SeedRoot;
using ::testing::UnorderedElementsAre;

class JwtKeyAdministrationTest : public testing::BundleTest {
 protected:
  void SetUp() override {
    BundleTest::SetUp();
    ASSERT_THAT(Seed({SeedRoot(ca_.root_der)}), IsOk());
    ASSERT_THAT(Publish(stolen_), IsOk());
    ASSERT_THAT(Publish(good_), IsOk());
  }
  void Reopen() override {
    keys_.reset();
    BundleTest::Reopen();
    keys_ = std::make_unique<JwtKeyAdministration>(*bundles_, clock_);
  }
  Result<BundlePtr> Publish(const JwtKey& key) { return bundles_->PublishJwtKey(kDomain, key, "spire-a"); }

  const AdministrativeAct act_{.trust_domain = kDomain, .by = "officer", .reason = "broken into"};
  const JwtKey stolen_ = KeyOf("stolen", kTestNow + 60);
  const JwtKey good_ = KeyOf("good", kTestNow + 600);
  std::unique_ptr<JwtKeyAdministration> keys_;
};

TEST_F(JwtKeyAdministrationTest, WhoWatchesIsToldAndARestartKeepsIt) {
  std::vector<BundlePtr> told;
  auto watch = bundles_->Watch(kDomain, [&](BundlePtr bundle) { told.push_back(std::move(bundle)); });
  ASSERT_OK_AND_ASSIGN(const BundlePtr bundle, keys_->Remove(act_, "stolen"));
  EXPECT_THAT(bundle->jwt_keys, ElementsAre(good_));
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[1], bundle);
  EXPECT_EQ(told[1]->sequence, told[0]->sequence + 1);
  watch.reset();
  Reopen();
  EXPECT_EQ(*bundles_->Current(kDomain), *bundle);
}

TEST_F(JwtKeyAdministrationTest, ItIsOnRecord) {
  ASSERT_THAT(keys_->Remove(act_, "stolen"), IsOk());
  EXPECT_THAT(bundles_->History(kDomain, 1).value(), ElementsAre(BundleEvent{.at = kTestNow,
                                                                             .trust_domain = kDomain,
                                                                             .act = "jwt key removed",
                                                                             .subject = "stolen",
                                                                             .refusal = {},
                                                                             .detail = "broken into",
                                                                             .by = "officer"}));
  ASSERT_OK_AND_ASSIGN(const auto records, keys_->List(kDomain));
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].key, stolen_);
  EXPECT_EQ(records[0].removed_at, kTestNow);
  EXPECT_EQ(records[0].published_by, "spire-a");
  EXPECT_EQ(records[1].removed_at, 0);
}

TEST_F(JwtKeyAdministrationTest, NobodyPublishesItAgain) {
  ASSERT_THAT(keys_->Remove(act_, "stolen"), IsOk());
  EXPECT_THAT(Publish(stolen_), HasReason("jwt_key_removed"));
  EXPECT_THAT(Publish(KeyOf("stolen")), HasReason("jwt_key_removed")) << "another key under its id";
  JwtKey renamed = stolen_;
  renamed.key_id = "innocent";
  EXPECT_THAT(Publish(renamed), HasReason("jwt_key_removed")) << "the key under another id";
  EXPECT_THAT(Publish(renamed), HasCode(Code::kFailedPrecondition));
  EXPECT_THAT(Publish(KeyOf("another")), IsOk());
  EXPECT_EQ(bundles_->Current(kDomain)->jwt_keys.size(), 2U);
}

TEST_F(JwtKeyAdministrationTest, NobodyPublishesItAgainThoughItsPublisherLetItExpire) {
  ASSERT_THAT(keys_->Remove(act_, "stolen"), IsOk());
  const auto again = [&] {
    JwtKey key = stolen_;
    key.expires_at = ToUnixSeconds(clock_.Now() + kLongestJwtKey);
    return key;
  };
  clock_.Advance(std::chrono::seconds(60));
  EXPECT_THAT(Publish(again()), HasReason("jwt_key_removed"));
  clock_.Advance(kLongestJwtKey - std::chrono::seconds(61));
  EXPECT_THAT(Publish(again()), HasReason("jwt_key_removed"));
  Reopen();
  EXPECT_THAT(Publish(again()), HasReason("jwt_key_removed"));
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_THAT(Publish(again()), IsOk()) << "no token of it that any key could have vouched for is left";
}

TEST_F(JwtKeyAdministrationTest, ItGoesUnderEveryIdThatItHas) {
  JwtKey twin = stolen_;
  twin.key_id = "twin";
  ASSERT_THAT(bundles_->PublishJwtKey(kDomain, twin, "spire-b"), IsOk());
  ASSERT_OK_AND_ASSIGN(const BundlePtr bundle, keys_->Remove(act_, "stolen"));
  EXPECT_THAT(bundle->jwt_keys, ElementsAre(good_));
  EXPECT_THAT(Publish(KeyOf("twin")), HasReason("jwt_key_removed"));
  std::vector<std::string> named;
  ASSERT_OK_AND_ASSIGN(const auto history, bundles_->History(kDomain, 2));
  for (const BundleEvent& event : history) {
    if (event.act == "jwt key removed" && event.by == "officer") named.push_back(event.subject);
  }
  EXPECT_THAT(named, UnorderedElementsAre("stolen", "twin"));
}

TEST_F(JwtKeyAdministrationTest, RemovalMakesRoomForItsPublisher) {
  for (std::size_t i = 2; i < kMostJwtKeysEach; ++i) ASSERT_THAT(Publish(KeyOf(std::to_string(i))), IsOk());
  ASSERT_THAT(Publish(KeyOf("one more")), HasReason("jwt_keys"));
  ASSERT_THAT(keys_->Remove(act_, "stolen"), IsOk());
  EXPECT_THAT(Publish(KeyOf("one more")), IsOk());
}

TEST_F(JwtKeyAdministrationTest, NeedsAReasonAndAKeyThatIsThere) {
  AdministrativeAct act = act_;
  act.reason.clear();
  EXPECT_THAT(keys_->Remove(act, "stolen"), HasReason("act_reason"));
  act.reason.assign(AdministrativeAct::kMaxReason + 1, 'x');
  EXPECT_THAT(keys_->Remove(act, "stolen"), HasReason("act_reason"));
  EXPECT_THAT(keys_->Remove(act_, "unknown"), HasReason("jwt_key_unknown"));
  ASSERT_THAT(keys_->Remove(act_, "stolen"), IsOk());
  EXPECT_THAT(keys_->Remove(act_, "stolen"), HasReason("jwt_key_unknown")) << "it is gone already";
  const auto history = bundles_->History(kDomain, 1).value();
  EXPECT_EQ(history.front().refusal, "jwt_key_unknown");
  EXPECT_EQ(history.front().by, "officer");
  EXPECT_THAT(bundles_->Current(kDomain)->jwt_keys, ElementsAre(good_));
}

}  // namespace
}  // namespace rootkeep
