// istio-protocol.md §8, cases 40 to 46: how long a certificate lives.
#include <limits>

#include "signer/ledger/open_ledger.h"
#include "tests/e2e/other_hierarchy.h"
#include "tests/e2e/shared_daemon.h"
#include "tests/support/csr_builder.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep {
namespace {

using testing::Identity;
using testing::InvalidRequest;
using testing::IstioAnswer;
using testing::NotAfterSeconds;
using testing::NotBeforeSeconds;
using testing::SigningError;
using testing::WasIssuedTo;

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kBackdate = 2 * kMinute;
constexpr std::int64_t kTolerance = 30;  // for a busy machine

std::int64_t Now() { return ToUnixSeconds(SystemClock().Now()); }

std::int64_t Length(const IstioAnswer& answer) {
  const ossl::Cert leaf = answer.Certificate();
  return NotAfterSeconds(leaf.get()) - NotBeforeSeconds(leaf.get());
}

class ConformanceTtl : public testing::SharedDaemon {
 protected:
  static IstioAnswer AskFor(std::int64_t seconds) { return Ask({.ttl = seconds}); }

  void AllowAtMost(std::chrono::seconds longest) {
    Reload([&](config::Config& config) { config.authorities.front().lifetimes.max_ttl = longest; });
  }

  // The issuing key with a certificate that ends then, below a root of the test's own.
  void IssueUntil(std::int64_t not_after) {
    const std::string chain =
        Recertify(IssuingCertificate(), testing::CaShape("short-lived issuing CA", not_after), root_);
    UseChain(chain);
  }
  void UseChain(const std::string& chain) {
    const std::string chain_file = WriteFile("other-chain.pem", chain);
    const std::string bundle_file = WriteFile("other-bundle.pem", root_.CertificatePem());
    Reload([&](config::Config& config) {
      config.authorities.front().chain_file = chain_file;
      config.authorities.front().bundle_file = bundle_file;
    });
  }

  const Identity root_ = testing::MakeCa("root kept elsewhere");
};

TEST_F(ConformanceTtl, Case40_TheRequestedLifePlusTheBackdate) {
  AllowAtMost(std::chrono::hours(1));
  const IstioAnswer answer = AskFor(30 * kMinute);
  ASSERT_THAT(answer, WasIssuedTo(kSelf));
  EXPECT_EQ(Length(answer), 30 * kMinute + kBackdate);
  EXPECT_NEAR(static_cast<double>(NotBeforeSeconds(answer.Certificate().get())), static_cast<double>(Now() - kBackdate),
              kTolerance);
}

TEST_F(ConformanceTtl, Case41_ZeroAndNegativeMeanTheDefault) {
  for (const std::int64_t asked : {0, -1}) {
    const IstioAnswer answer = AskFor(asked);
    ASSERT_THAT(answer, WasIssuedTo(kSelf));
    EXPECT_EQ(Length(answer), 24 * kHour + kBackdate) << asked;
  }
}

TEST_F(ConformanceTtl, Case42_MoreThanTheMaximum) {
  AllowAtMost(std::chrono::hours(2));
  const auto refused = InvalidRequest("requested TTL 3h0m0s is greater than the max allowed TTL 2h0m0s");
  for (const std::string kind : {"RSA:2048", "P-256"}) {
    const ossl::PKey key = testing::MakeKey(kind);
    const std::string csr = testing::CsrBuilder(key.get()).Pem();
    EXPECT_THAT(Ask({.csr = csr, .ttl = 3 * kHour}), refused) << kind;
    EXPECT_THAT(Ask({.csr = csr, .ttl = 2 * kHour}), WasIssuedTo(kSelf)) << kind << ", exactly the maximum";
  }
}

// Beyond the cases (§0.5): a life so short that clients would renew without end.
TEST_F(ConformanceTtl, LessThanTheMinimumIsRefused) {
  EXPECT_THAT(AskFor(60), InvalidRequest("requested TTL 1m0s is less than the min allowed TTL 5m0s"));
  EXPECT_THAT(AskFor(5 * kMinute), WasIssuedTo(kSelf));
}

TEST_F(ConformanceTtl, Case43_NeverBeyondTheIssuersOwnEnd) {
  const std::int64_t end = Now() + kHour;
  IssueUntil(end);
  const IstioAnswer longer = AskFor(2 * kHour);
  ASSERT_THAT(longer, WasIssuedTo(kSelf));
  EXPECT_EQ(NotAfterSeconds(longer.Certificate().get()), end);
  const IstioAnswer shorter = AskFor(30 * kMinute);
  ASSERT_THAT(shorter, WasIssuedTo(kSelf));
  EXPECT_EQ(Length(shorter), 30 * kMinute + kBackdate);
}

// Where istiod says INTERNAL: nothing that a client's five quick retries could cure (§1.6).
TEST_F(ConformanceTtl, Case44_AnExpiredIssuerIssuesNothing) {
  ASSERT_THAT(Ask(), WasIssuedTo(kSelf));
  const auto count = [] {
    const auto reader = OpenLedgerReadOnly(fixture().config().state_directory + "/rootkeep.db");
    EXPECT_THAT(reader, testing::IsOk());
    return reader.ok() ? (*reader)->List({.limit = kLedgerPage})->size() : 0;
  };
  IssueUntil(Now() - kHour);
  const std::size_t before = count();
  EXPECT_THAT(Ask(), SigningError(grpc::StatusCode::UNAVAILABLE, "Rootkeep CA is not ready"));
  EXPECT_FALSE(fixture().daemon().ready());
  EXPECT_EQ(count(), before) << "not even an intent";
}

TEST_F(ConformanceTtl, Case44_AnIssuerWithLessThanTheMinimumLeft) {
  IssueUntil(Now() + 4 * kMinute);
  EXPECT_THAT(Ask(), SigningError(grpc::StatusCode::UNAVAILABLE, "Rootkeep CA is not ready"));
}

TEST_F(ConformanceTtl, Case45_TheDefaultEndsWithTheChain) {
  const std::int64_t end = Now() + 2 * kHour;
  const Identity above = testing::MakeIdentity(testing::CaShape("short-lived intermediate", end), &root_);
  UseChain(Recertify(IssuingCertificate(), testing::CaShape("issuing CA"), above) + above.CertificatePem());
  const IstioAnswer answer = AskFor(0);
  ASSERT_THAT(answer, WasIssuedTo(kSelf));
  EXPECT_EQ(NotAfterSeconds(answer.Certificate().get()), end);
}

TEST_F(ConformanceTtl, Case46_TheLargestAndSmallestNumbers) {
  EXPECT_EQ(AskFor(std::numeric_limits<std::int64_t>::max()).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(AskFor(std::numeric_limits<std::int64_t>::max() / 1'000'000'000 + 1).status.error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  const IstioAnswer answer = AskFor(std::numeric_limits<std::int64_t>::min());
  ASSERT_THAT(answer, WasIssuedTo(kSelf));
  EXPECT_EQ(Length(answer), 24 * kHour + kBackdate);
}

}  // namespace
}  // namespace rootkeep
