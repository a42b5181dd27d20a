// Q15: whatever fails while evidence is judged, the verdict is no pass, and no word against the node. Each allocation
// fails once, of ours and then of OpenSSL's.
#include <gtest/gtest.h>

#include "attestation/verifier/reasons.h"
#include "tests/unit/attestation/verifier/failing_new.h"
#include "tests/unit/attestation/verifier/failing_openssl.h"
#include "tests/unit/attestation/verifier/lab.h"

namespace rootkeep::attestation {
namespace {

TEST(OutOfMemory, IsNoVerdict) {
  const testing::AttestNode node(testing::Lab::Shared().tpm);
  int failures = 0;
  for (int allowed = 0;; ++allowed) {
    testing::Exchange exchange = testing::Start(node);
    const AttestEvidence evidence = node.Answer(exchange.init, exchange.challenge);
    const AttestationPolicy policy = testing::Policy();
    testing::FailAllocationAfter(allowed);
    const Verdict verdict = exchange.attempt.Verify(evidence, policy, std::nullopt, testing::Now());
    const bool failed = testing::AllocationFailed();
    if (!failed) {
      EXPECT_TRUE(verdict.passed) << verdict.explanation;
      break;
    }
    ++failures;
    ASSERT_FALSE(verdict.passed) << "with allocation " << allowed;
    EXPECT_EQ(verdict.reason, reason::kInternal) << "with allocation " << allowed;
    EXPECT_EQ(verdict.consequence, Consequence::kNoVerdict);
    EXPECT_EQ(exchange.Verify(evidence).reason, reason::kAttemptUsed);
  }
  EXPECT_GT(failures, 50);
}

// The same while a failure is put into words.
TEST(OutOfMemory, IsNoWordAgainstTheNode) {
  const testing::AttestNode node(testing::Lab::Shared().tpm);
  AttestationPolicy policy = testing::Policy();
  policy.pcrs.generations[0].allowed[7] = {Bytes(32, 1)};
  for (int allowed = 0;; ++allowed) {
    testing::Exchange exchange = testing::Start(node);
    const AttestEvidence evidence = node.Answer(exchange.init, exchange.challenge);
    testing::FailAllocationAfter(allowed);
    const Verdict verdict = exchange.attempt.Verify(evidence, policy, std::nullopt, testing::Now());
    const bool failed = testing::AllocationFailed();
    ASSERT_FALSE(verdict.passed) << "with allocation " << allowed;
    EXPECT_EQ(verdict.reason, failed ? reason::kInternal : reason::kPcrMismatch) << "with allocation " << allowed;
    EXPECT_EQ(verdict.consequence, failed ? Consequence::kNoVerdict : Consequence::kFailed);
    if (!failed) break;
  }
}

// An EK's certificate that cannot be judged is no EK without one. Where OpenSSL itself takes a shortage for a fault of
// the certificate, it is not believed, for that reason.
TEST(OutOfMemory, IsNoCertificateThatIsMissing) {
  const AttestInit init = testing::AttestNode(testing::Lab::Shared().tpm).Init();
  const EkTrust trust = testing::TrustOf(testing::Lab::Shared().manufacturer);
  int failures = 0;
  for (bool failed = true; failed; ++failures) {
    testing::FailOpenSslAllocationAfter(failures);
    const Result<Attempt> attempt = Attempt::Begin(init, trust, testing::Now());
    failed = testing::OpenSslAllocationFailed();
    if (!attempt.ok()) continue;
    const EkIdentity& ek = attempt->ek();
    EXPECT_TRUE(ek.chained || ek.unchained_reason.starts_with("ek_")) << "with allocation " << failures;
    EXPECT_NE(ek.unchained_reason, reason::kEkCertificateMissing);
  }
  EXPECT_GT(failures, 50);
}

}  // namespace
}  // namespace rootkeep::attestation
