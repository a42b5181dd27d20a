#include "signer/bundle/root_administration.h"

#include "signer/bundle/served_authorities.h"
#include "signer/certificate/certificate.h"
#include "signer/ledger/entry_writer.h"
#include "signer/ledger/ledger.h"
#include "tests/unit/signer/bundle/bundle_fixture.h"

namespace rootkeep {
namespace {

using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::kDomain;
using testing::kTestNow;
using testing::SeedRoot;
using testing::TestHierarchy;

constexpr std::int64_t kHour = 3600;

// Two authorities in one trust domain; the second's root is not in the bundle yet.
class RootAdministrationTest : public testing::BundleTest {
 protected:
  void SetUp() override {
    BundleTest::SetUp();
    ASSERT_THAT(served_->Use({first_}, {{kDomain, "first"}}), IsOk());
  }
  void Reopen() override {
    roots_.reset();
    served_.reset();
    BundleTest::Reopen();
    served_ = std::make_unique<ServedAuthorities>(*bundles_, set_, clock_);
    roots_ = std::make_unique<RootAdministration>(
        *bundles_,
        [this](std::string_view trust_domain, const BundleRoot& root) {
          return served_->IssuersUnder(trust_domain, root);
        },
        clock_);
  }

  std::shared_ptr<const Authority> Load(const TestHierarchy& ca, const std::string& name) {
    Authority::Parts parts = ca.Parts();
    parts.name = name;
    return Authority::Make(std::move(parts), clock_.Now()).value();
  }
  // The ledger's record that the issuer was asked for a certificate.
  void Asked(const std::string& issuer, std::int64_t not_after) {
    ASSERT_OK_AND_ASSIGN(auto database, store::Database::Open({.path = path_}));
    ASSERT_OK_AND_ASSIGN(const auto writer, EntryWriter::Prepare(*database));
    ASSERT_THAT(writer->Insert(Intent{.issuer = issuer,
                                      .serial = std::to_string(++serial_),
                                      .trust_domain = kDomain,
                                      .not_after = not_after,
                                      .tbs = {1}}),
                IsOk());
  }
  BundleEvent Newest() { return bundles_->History(kDomain, 1).value().front(); }
  [[nodiscard]] std::string Signing() const {
    const auto authority = set_.FindByTrustDomain(kDomain);
    return authority == nullptr ? "" : authority->name();
  }
  // Add, activate, taint: what comes before a removal.
  void Replace() {
    ASSERT_THAT(roots_->Add(act_, other_.root_der), IsOk());
    ASSERT_THAT(served_->Use({first_, second_}, {{kDomain, "first"}}), IsOk());
    ASSERT_THAT(roots_->Activate(act_, new_root_), IsOk());
    ASSERT_THAT(roots_->Taint(act_, old_root_), IsOk());
  }

  AuthoritySet set_;
  const TestHierarchy other_;
  const std::string old_root_ = SeedRoot(ca_.root_der).fingerprint;
  const std::string new_root_ = SeedRoot(other_.root_der).fingerprint;
  const std::shared_ptr<const Authority> first_ = Load(ca_, "first");
  const std::shared_ptr<const Authority> second_ = Load(other_, "second");
  const RootAdministration::Act act_{.trust_domain = kDomain, .by = "officer", .reason = "rotation"};
  std::unique_ptr<ServedAuthorities> served_;
  std::unique_ptr<RootAdministration> roots_;
  int serial_ = 0;
};

TEST_F(RootAdministrationTest, ReplacesARootWhileEveryDoorSaysTheSame) {
  std::vector<BundlePtr> told;
  auto watch = bundles_->Watch(kDomain, [&](BundlePtr bundle) { told.push_back(std::move(bundle)); });
  ASSERT_THAT(roots_->Add(act_, other_.root_der), IsOk());
  EXPECT_EQ(set_.Find("first")->trust_bundle_pem(), CertificatePem(ca_.root_der) + CertificatePem(other_.root_der));
  EXPECT_EQ(Signing(), "first");

  ASSERT_THAT(served_->Use({first_, second_}, {{kDomain, "first"}}), IsOk());
  EXPECT_EQ(Signing(), "first");
  ASSERT_THAT(roots_->Activate(act_, ToHex(told.back()->roots[1].subject_key_id)), IsOk());
  EXPECT_EQ(Signing(), "second");

  ASSERT_THAT(roots_->Taint(act_, old_root_), IsOk());
  EXPECT_TRUE(told.back()->roots[0].tainted);
  EXPECT_EQ(set_.Find("second")->trust_bundle_pem(), CertificatePem(ca_.root_der) + CertificatePem(other_.root_der));

  ASSERT_THAT(roots_->Remove(act_, old_root_, false), IsOk());
  EXPECT_THAT(told.back()->roots, ElementsAre(::testing::Field(&BundleRoot::fingerprint, new_root_)));
  EXPECT_EQ(set_.Find("second")->trust_bundle_pem(), CertificatePem(other_.root_der));
  EXPECT_EQ(*served_->ClientRoots(), CertificatePem(other_.root_der));
  for (std::size_t i = 1; i < told.size(); ++i) EXPECT_EQ(told[i]->sequence, told[i - 1]->sequence + 1);

  watch.reset();

  // Neither a restart nor the file that names it brings it back.
  Reopen();
  ASSERT_THAT(served_->Use({first_, second_}, {{kDomain, "first"}}), IsOk());
  EXPECT_EQ(*bundles_->Current(kDomain), *told.back());
  EXPECT_EQ(Signing(), "second");
  ASSERT_OK_AND_ASSIGN(const auto records, roots_->List(kDomain));
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].state, RootState::kRemoved);
}

TEST_F(RootAdministrationTest, EveryActHasALineInTheHistory) {
  Replace();
  ASSERT_THAT(roots_->Remove(act_, old_root_, false), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto history, bundles_->History(kDomain, 4));
  const auto event = [&](const char* act, const std::string& subject) {
    return BundleEvent{.at = kTestNow,
                       .trust_domain = kDomain,
                       .act = act,
                       .subject = subject,
                       .refusal = {},
                       .detail = "rotation",
                       .by = "officer"};
  };
  EXPECT_THAT(history, ElementsAre(event("root removed", old_root_), event("root tainted", old_root_),
                                   event("root activated", new_root_), event("root added", new_root_)));
}

TEST_F(RootAdministrationTest, OnlyARootIsAdded) {
  EXPECT_THAT(roots_->Add(act_, other_.issuing_der), HasReason("root_certificate"));
  EXPECT_EQ(Newest().refusal, "root_certificate");
  EXPECT_THAT(roots_->Add(act_, Bytes{1, 2, 3}), HasReason("certificates"));
  EXPECT_THAT(roots_->Add(act_, ca_.root_der), HasReason("root_exists"));
  const Bytes same_key = SelfSignRoot(*ca_.root, {kDomain, "renewed"}, {RootCaProfile(RootCaLifetime())}, clock_.Now(),
                                      After(std::chrono::seconds(30)))
                             .value();
  EXPECT_THAT(roots_->Add(act_, same_key), HasReason("root_key_id"));
  EXPECT_EQ(Newest().act, "root added");
  EXPECT_EQ(Newest().refusal, "root_key_id");
  EXPECT_EQ(bundles_->Current(kDomain)->sequence, 1U);
}

TEST_F(RootAdministrationTest, OnlyARootThatSomebodySignsBelowIsActivated) {
  ASSERT_THAT(roots_->Add(act_, other_.root_der), IsOk());
  EXPECT_THAT(roots_->Activate(act_, new_root_), HasReason("root_issuer"));
  EXPECT_THAT(roots_->Activate(act_, "00"), HasReason("root_unknown"));
  EXPECT_EQ(Newest().refusal, "root_unknown");
  EXPECT_EQ(Newest().subject, "00");
}

TEST_F(RootAdministrationTest, NoTaintedRootIsActivated) {
  Replace();
  EXPECT_THAT(roots_->Activate(act_, old_root_), HasReason("root_tainted"));
  EXPECT_EQ(Signing(), "second");
}

TEST_F(RootAdministrationTest, TheActiveRootIsNeitherTaintedNorRemoved) {
  // Where none was activated, nothing would be there to issue below instead.
  EXPECT_THAT(roots_->Taint(act_, old_root_), HasReason("root_active"));
  EXPECT_THAT(roots_->Remove(act_, old_root_, true), HasReason("root_active"));
  ASSERT_THAT(roots_->Activate(act_, old_root_), IsOk());
  EXPECT_THAT(roots_->Taint(act_, old_root_), HasReason("root_active"));
  EXPECT_THAT(roots_->Remove(act_, old_root_, true), HasReason("root_active"));
  EXPECT_EQ(Newest().refusal, "root_active");
  EXPECT_EQ(Signing(), "first");
}

TEST_F(RootAdministrationTest, ARootThatNobodyEverSignedBelowIsRemovedAtOnce) {
  ASSERT_THAT(roots_->Add(act_, other_.root_der), IsOk());
  EXPECT_THAT(roots_->Remove(act_, new_root_, false), IsOk());
  EXPECT_EQ(bundles_->Current(kDomain)->roots.size(), 1U);
  EXPECT_THAT(roots_->Add(act_, other_.root_der), IsOk()) << "and may come back";
  EXPECT_EQ(bundles_->Current(kDomain)->roots.size(), 2U);
}

TEST_F(RootAdministrationTest, ARootStaysWhileACertificateDependsOnIt) {
  Asked(first_->certificate_fingerprint(), kTestNow + kHour);
  Asked(first_->certificate_fingerprint(), kTestNow + 2 * kHour);
  Asked(first_->certificate_fingerprint(), kTestNow + kHour);
  Asked(second_->certificate_fingerprint(), kTestNow + 9 * kHour);  // below the other root
  Replace();
  const auto refused = roots_->Remove(act_, old_root_, false);
  EXPECT_THAT(refused, HasReason("root_in_use"));
  EXPECT_THAT(refused.error().message(), HasSubstr("until " + ToRfc3339(FromUnixSeconds(kTestNow + 2 * kHour))));
  EXPECT_EQ(Newest().refusal, "root_in_use");
  clock_.Advance(std::chrono::hours(2));
  EXPECT_THAT(roots_->Remove(act_, old_root_, false), IsOk());
}

// So that it costs the same however many certificates there are.
TEST_F(RootAdministrationTest, NobodyReadsTheLedgerForIt) {
  Asked(first_->certificate_fingerprint(), kTestNow + kHour);
  Replace();
  auto database = store::Database::Open({.path = path_}).value();
  for (const char* statement : {"DROP VIEW entries", "DROP TABLE outcomes", "DROP TABLE intents"}) {
    ASSERT_THAT(database->Execute(statement), IsOk());
  }
  EXPECT_THAT(roots_->Remove(act_, old_root_, false), HasReason("root_in_use"));
  clock_.Advance(std::chrono::hours(1));
  EXPECT_THAT(roots_->Remove(act_, old_root_, false), IsOk());
}

TEST_F(RootAdministrationTest, ItGoesByForceWithAReasonThatIsRecorded) {
  Asked(first_->certificate_fingerprint(), kTestNow + kHour);
  Replace();
  RootAdministration::Act wordless = act_;
  wordless.reason.clear();
  EXPECT_THAT(roots_->Remove(wordless, old_root_, true), HasReason("act_reason"));
  EXPECT_EQ(bundles_->Current(kDomain)->roots.size(), 2U);
  ASSERT_THAT(roots_->Remove(act_, old_root_, true), IsOk());
  EXPECT_EQ(Newest().detail, "by force, with unexpired certificates, the last until " +
                                 ToRfc3339(FromUnixSeconds(kTestNow + kHour)) + ": rotation");
  EXPECT_EQ(bundles_->Current(kDomain)->roots.size(), 1U);
}

TEST_F(RootAdministrationTest, WhoseChainIsNotOnRecordMayDependOnAnyRoot) {
  Asked("an issuer of long ago", kTestNow + kHour);
  Replace();
  EXPECT_THAT(roots_->Remove(act_, old_root_, false), HasReason("root_in_use"));
}

TEST_F(RootAdministrationTest, AnotherTrustDomainsCertificatesKeepNoRoot) {
  ASSERT_THAT(bundles_->Seed({{.trust_domain = "other.test",
                               .roots = {SeedRoot(ca_.root_der)},
                               .issuers = {{.certificate = "theirs", .roots = {old_root_}}}}}),
              IsOk());
  Asked("theirs", kTestNow + kHour);
  Replace();
  EXPECT_THAT(roots_->Remove(act_, old_root_, false), IsOk());
}

TEST_F(RootAdministrationTest, AnAuthoritysCertificatesDependOnItsOwnRootAlone) {
  // The issuing key's certificate by another root.
  const Csr csr = ParseCsr(MakeCsr(*ca_.issuing, {kDomain, "cross"}, After(std::chrono::seconds(30))).value()).value();
  ASSERT_OK_AND_ASSIGN(const Bytes cross, IssueCaCertificate({other_.root_der, *other_.root}, csr, {kDomain, "cross"},
                                                             {IssuingCaProfile(IssuingCaLifetime(), 0)}, clock_.Now(),
                                                             After(std::chrono::seconds(30))));
  Authority::Parts parts = ca_.Parts();
  parts.name = "cross";
  parts.chain_pem = CertificatePem(cross);
  parts.trust_bundle_pem += CertificatePem(other_.root_der);
  ASSERT_OK_AND_ASSIGN(const auto authority, Authority::Make(parts, clock_.Now()));
  ASSERT_THAT(served_->Use({first_, authority}, {{kDomain, "first"}}), IsOk());
  Asked(authority->certificate_fingerprint(), kTestNow + kHour);
  ASSERT_THAT(roots_->Activate(act_, old_root_), IsOk());
  EXPECT_THAT(roots_->Remove(act_, new_root_, false), HasReason("root_in_use"));
}

TEST_F(RootAdministrationTest, OthersRefusalsAreInTheHistoryToo) {
  const Error error = roots_->Refused(act_, "root removed", old_root_, PermissionDenied("no").WithReason("role"));
  EXPECT_EQ(error.reason(), "role");
  EXPECT_EQ(Newest().refusal, "role");
  EXPECT_EQ(Newest().by, "officer");
}

TEST_F(RootAdministrationTest, AReasonHasItsLimit) {
  RootAdministration::Act long_winded = act_;
  long_winded.reason.assign(AdministrativeAct::kMaxReason + 1, 'x');
  EXPECT_THAT(roots_->Add(long_winded, other_.root_der), HasReason("act_reason"));
  EXPECT_THAT(roots_->Activate(long_winded, old_root_), HasReason("act_reason"));
}

}  // namespace
}  // namespace rootkeep
