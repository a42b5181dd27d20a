#include <algorithm>
#include <set>
#include <thread>

#include "signer/certificate/certificate.h"
#include "tests/support/csr_builder.h"
#include "tests/support/database_lock.h"
#include "tests/support/eventually.h"
#include "tests/support/software_key.h"
#include "tests/unit/signer/issue/issuer_fixture.h"

namespace rootkeep {
namespace {

using testing::GatedSigner;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::MakeCsrPem;

using testing::kPatience;
using testing::Workload;

using IssuerTest = testing::IssuerFixture;

TEST_F(IssuerTest, WhoComesAfterHisDeadlineIsToldThat) {
  EXPECT_THAT(Begin(Workload("w"), {.csr_pem = MakeCsrPem()}, After(std::chrono::seconds(-1))).get(),
              HasReason("deadline"));
  EXPECT_EQ(Recorded().size(), 0U);
}

TEST_F(IssuerTest, IssuesARecordedCertificateThatVerifies) {
  ASSERT_OK_AND_ASSIGN(const Issued issued, Issue(Workload("web"), {.csr_pem = MakeCsrPem(), .request_id = "r1"}));
  EXPECT_THAT(testing::VerifyChain(issued), IsOk());
  const auto entries = Recorded();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].status, EntryStatus::kIssued);
  EXPECT_EQ(entries[0].intent.serial, issued.serial);
  EXPECT_EQ(entries[0].intent.request_id, "r1");
  EXPECT_EQ(entries[0].intent.sans, "spiffe://cluster.local/ns/default/sa/web");
  EXPECT_EQ(CertificatePem(entries[0].certificate), issued.leaf_pem);
}

Caller Node(const Bytes& attested_spki) {
  return {.identities = {GeneralNameFromText("spiffe://cluster.local/node/n1")},
          .method = AuthMethod::kAttestedNode,
          .authenticator = "tpm",
          .trust_domain = "cluster.local",
          .node = "n1",
          .attested_spki = attested_spki,
          .attestation = "a1",
          .attested_until = SystemClock().Now() + std::chrono::hours(1)};
}

TEST_F(IssuerTest, CertifiesTheAttestedKeyOfANodeAndRecordsTheAttestation) {
  Policy nodes;
  nodes.node_lifetime = LifetimeRules{.default_ttl = std::chrono::hours(1), .max_ttl = std::chrono::hours(1)};
  policy_.Set(std::make_shared<Policy>(nodes));
  const ossl::PKey key = testing::MakeKey("P-256");
  const IssuanceRequest request{.csr_pem = testing::CsrBuilder(key.get()).Pem()};
  const Caller node = Node(testing::SpkiOf(key.get()));
  ASSERT_OK_AND_ASSIGN(const Issued issued, Issue(node, request));
  EXPECT_THAT(testing::VerifyChain(issued), IsOk());
  EXPECT_THAT(Issue(node, {.csr_pem = MakeCsrPem()}), HasReason("node_key")) << "another key";
  const auto entries = Recorded();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].intent.profile, "node");
  EXPECT_EQ(entries[0].intent.sans, "spiffe://cluster.local/node/n1, localhost, 127.0.0.1, ::1");
  EXPECT_EQ(entries[0].intent.auth_method, "attested-node");
  EXPECT_EQ(entries[0].intent.node, "n1");
  EXPECT_EQ(entries[0].intent.attestation, "a1");

  Caller again = node;
  EXPECT_EQ(Issue(again, request)->serial, issued.serial) << "a retry";
  again.attestation = "a2";
  EXPECT_NE(Issue(again, request)->serial, issued.serial) << "fresh evidence";
  EXPECT_EQ(Recorded().size(), 2U);
}

TEST_F(IssuerTest, AnswersARetryWithTheSameCertificate) {
  const IssuanceRequest request{.csr_pem = MakeCsrPem()};
  ASSERT_OK_AND_ASSIGN(const Issued first, Issue(Workload("web"), request));
  ASSERT_THAT(ledger_->Flush(After(kPatience)), IsOk());
  ASSERT_OK_AND_ASSIGN(const Issued again, Issue(Workload("web"), request));
  EXPECT_EQ(again.leaf_pem, first.leaf_pem);
  EXPECT_EQ(authority_.signer->signatures(), 1);
  ASSERT_OK_AND_ASSIGN(const Issued other, Issue(Workload("other"), request));
  EXPECT_NE(other.leaf_pem, first.leaf_pem) << "another caller gets its own";
  IssuanceRequest longer = request;
  longer.requested_ttl = 3600;
  ASSERT_OK_AND_ASSIGN(const Issued longer_issued, Issue(Workload("web"), longer));
  EXPECT_NE(longer_issued.leaf_pem, first.leaf_pem) << "another lifetime is another certificate";
}

TEST_F(IssuerTest, RecordsWhatWasShownForEachCertificate) {
  const ossl::PKey key = testing::MakeKey("P-256");
  const IssuanceRequest request{.csr_pem = testing::CsrBuilder(key.get()).Pem()};
  Caller bare = Workload("web");
  bare.attested_node = "n1";
  bare.attestation = "a1";
  Caller proved = bare;
  proved.attested_spki = testing::SpkiOf(key.get());
  ASSERT_OK_AND_ASSIGN(const Issued without, Issue(bare, request));
  ASSERT_OK_AND_ASSIGN(const Issued with, Issue(proved, request));
  EXPECT_NE(with.serial, without.serial) << "more was shown than the record of the first says";
  EXPECT_EQ(Issue(proved, request)->serial, with.serial) << "a retry";
  ASSERT_OK_AND_ASSIGN(const Issued bare_again, Issue(bare, request));
  EXPECT_NE(bare_again.serial, with.serial) << "less was shown";
  for (const LedgerEntry& entry : Recorded()) {
    EXPECT_EQ(entry.intent.decision, entry.intent.serial == with.serial ? "self, key attested" : "self");
  }
}

// Signed by a key that is not the one it asks for.
std::string CsrOfAnothersKey() {
  const ossl::PKey signing = testing::MakeKey("P-256");
  testing::CsrBuilder builder(signing.get());
  builder.spki = testing::SpkiOf(testing::MakeKey("P-256").get());
  return builder.Pem();
}

// Whatever they are brought together with: more than are proved at once, bad ones between them.
TEST_F(IssuerTest, AnswersEachOfABatchByItself) {
  constexpr std::size_t kRequests = 21;
  std::vector<Issuer::Ask> asks;
  std::vector<std::future<Result<Issued>>> answers;
  for (std::size_t i = 0; i < kRequests; ++i) {
    std::string csr = i % 5 == 4 ? "dumb CSR" : MakeCsrPem();
    if (i % 5 == 2) csr = CsrOfAnothersKey();
    const Caller caller = i % 7 == 3 ? Caller{.trust_domain = "elsewhere"} : Workload("w" + std::to_string(i));
    answers.push_back(Gather(asks, caller, {.csr_pem = csr}, After(kPatience)));
  }
  issuer_->Issue(asks);
  std::vector<Result<Issued>> results;
  results.reserve(kRequests);
  for (auto& answer : answers) results.push_back(answer.get());
  const std::vector<LedgerEntry> recorded = Recorded();
  for (std::size_t i = 0; i < kRequests; ++i) {
    const Result<Issued>& issued = results[i];
    if (i % 7 == 3) {
      EXPECT_THAT(issued, HasReason("no_authority")) << i;
    } else if (i % 5 == 4) {
      EXPECT_THAT(issued, HasReason("csr_pem")) << i;
    } else if (i % 5 == 2) {
      EXPECT_THAT(issued, HasReason("csr_signature")) << i;
    } else {
      ASSERT_THAT(issued, IsOk()) << i;
      EXPECT_THAT(testing::VerifyChain(*issued), IsOk());
      const auto entry =
          std::ranges::find(recorded, issued->serial, [](const LedgerEntry& each) { return each.intent.serial; });
      ASSERT_NE(entry, recorded.end());
      EXPECT_EQ(entry->intent.sans, "spiffe://cluster.local/ns/default/sa/w" + std::to_string(i));
      EXPECT_EQ(CertificatePem(entry->certificate), issued->leaf_pem);
    }
  }
}

TEST_F(IssuerTest, NeverGivesASerialTwice) {
  constexpr int kThreads = 4;
  constexpr int kEach = 50;
  Mutex mutex;
  std::set<std::string> serials;
  const std::string csr = MakeCsrPem();
  {
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          const auto issued = Issue(Workload("w" + std::to_string(t * kEach + i)), {.csr_pem = csr});
          ASSERT_THAT(issued, IsOk());
          const MutexLock lock(mutex);
          serials.insert(issued->serial);
        }
      });
    }
  }
  EXPECT_EQ(serials.size(), kThreads * kEach);
}

TEST_F(IssuerTest, Case60_AStalledTokenAnswersUnavailableAndOthersGoOn) {
  testing::IssuingAuthority other("other", "other.domain");
  authorities_.Replace({authority_.authority, other.authority});
  const GatedSigner::Stall stall = authority_.signer->Close();
  auto stuck = Begin(Workload("web"), {.csr_pem = MakeCsrPem()}, After(std::chrono::milliseconds(300)));
  ASSERT_TRUE(testing::Eventually([&] { return authority_.signer->waiting() == 1; }));
  Caller elsewhere = Workload("web");
  elsewhere.trust_domain = "other.domain";
  elsewhere.identities = {GeneralNameFromText("spiffe://other.domain/ns/default/sa/web")};
  EXPECT_THAT(Issue(elsewhere, {.csr_pem = MakeCsrPem()}), IsOk());
  EXPECT_THAT(stuck.get(), HasReason("deadline"));
  EXPECT_TRUE(issuer_->Drain(After(kPatience)));
}

TEST_F(IssuerTest, AHungTokenFillsItsOwnLaneOnly) {
  Open({.max_waiting = 2});
  testing::IssuingAuthority other("other", "other.domain");
  authorities_.Replace({authority_.authority, other.authority});
  {
    const GatedSigner::Stall stall = authority_.signer->Close();
    for (const char* name : {"first", "second"}) {
      auto stuck = Begin(Workload(name), {.csr_pem = MakeCsrPem()}, After(std::chrono::milliseconds(100)));
      EXPECT_THAT(stuck.get(), HasReason("deadline"));
    }
    EXPECT_THAT(Issue(Workload("third"), {.csr_pem = MakeCsrPem()}), HasReason("signing_queue"));
    Caller elsewhere = Workload("web");
    elsewhere.trust_domain = "other.domain";
    elsewhere.identities = {GeneralNameFromText("spiffe://other.domain/ns/default/sa/web")};
    EXPECT_THAT(Issue(elsewhere, {.csr_pem = MakeCsrPem()}), IsOk());
  }
  EXPECT_TRUE(testing::Eventually([&] { return Issue(Workload("third"), {.csr_pem = MakeCsrPem()}).ok(); }));
}

TEST_F(IssuerTest, ReleasesNothingThatWasSignedTooLate) {
  {
    const GatedSigner::Stall stall = authority_.signer->Close();
    auto stuck = Begin(Workload("web"), {.csr_pem = MakeCsrPem()}, After(std::chrono::milliseconds(100)));
    EXPECT_THAT(stuck.get(), HasCode(Code::kUnavailable));
  }
  ASSERT_TRUE(testing::Eventually([&] { return authority_.signer->signatures() == 1; }));
  ASSERT_TRUE(testing::Eventually([&] { return Recorded().at(0).status == EntryStatus::kFailed; }));
}

TEST_F(IssuerTest, ALyingTokensSignatureNeverLeaves) {
  authority_.signer->Corrupt();
  EXPECT_THAT(Issue(Workload("web"), {.csr_pem = MakeCsrPem()}), HasCode(Code::kDataLoss));
  const auto entries = Recorded();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].status, EntryStatus::kFailed);
  EXPECT_TRUE(entries[0].certificate.empty());
}

TEST_F(IssuerTest, ShedsWhatIsBeyondItsCapacity) {
  Open({.max_in_flight = 1});
  const GatedSigner::Stall stall = authority_.signer->Close();
  auto stuck = Begin(Workload("web"), {.csr_pem = MakeCsrPem()}, After(std::chrono::seconds(2)));
  ASSERT_TRUE(testing::Eventually([&] { return authority_.signer->waiting() == 1; }));
  const auto shed = Issue(Workload("other"), {.csr_pem = MakeCsrPem()});
  EXPECT_THAT(shed, HasReason("overload"));
  EXPECT_TRUE(shed.error().retry_after());
  EXPECT_THAT(stuck.get(), HasReason("deadline"));
}

TEST_F(IssuerTest, SignsNothingThatCannotBeRecorded) {
  ASSERT_THAT(Issue(Workload("first"), {.csr_pem = MakeCsrPem()}), IsOk());
  const testing::DatabaseLock lock(dir_ / "ledger.db");
  EXPECT_THAT(Begin(Workload("web"), {.csr_pem = MakeCsrPem()}, After(kPatience)).get(), HasCode(Code::kUnavailable));
  EXPECT_EQ(authority_.signer->signatures(), 1);
}

TEST_F(IssuerTest, Case53_WithoutAnAuthorityIsUnavailable) {
  authorities_.Replace({});
  EXPECT_THAT(Issue(Workload("web"), {.csr_pem = MakeCsrPem()}), HasReason("no_authority"));
}

TEST_F(IssuerTest, Case28_JudgesTheCallerBeforeTheRequest) {
  Caller stranger = Workload("web");
  stranger.trust_domain = "cluster.local";
  EXPECT_THAT(Issue(stranger, {.csr_pem = "dumb CSR", .impersonated_identity = "spiffe://cluster.local/ns/a/sa/b"}),
              HasCode(Code::kUnauthenticated));
  EXPECT_THAT(Issue(stranger, {.csr_pem = "dumb CSR"}), HasReason("csr_pem"));
}

}  // namespace
}  // namespace rootkeep
