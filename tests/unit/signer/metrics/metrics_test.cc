#include "signer/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rootkeep {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, CountsUnderIstiodsNames) {
  Metrics metrics;
  metrics.CountRequest();
  metrics.CountRequest();
  metrics.CountAuthenticationFailure();
  metrics.CountSuccess();
  metrics.CountSignError(SignErrorClass::kTtl);
  const std::string text = metrics.Scrape(FromUnixSeconds(0));
  EXPECT_THAT(text, HasSubstr("\ncitadel_server_csr_count 2"));
  EXPECT_THAT(text, HasSubstr("\ncitadel_server_authentication_failure_count 1"));
  EXPECT_THAT(text, HasSubstr("\ncitadel_server_success_cert_issuance_count 1"));
  EXPECT_THAT(text, HasSubstr("citadel_server_csr_sign_err_count{error=\"TTL_ERROR\"} 1"));
  EXPECT_THAT(text, HasSubstr("citadel_server_csr_sign_err_count{error=\"CSR_ERROR\"} 0"));
}

TEST(Metrics, ComputesSecondsLeftWhenScraped) {
  Metrics metrics;
  metrics.SetExpiry(FromUnixSeconds(1000), FromUnixSeconds(500));
  const std::string text = metrics.Scrape(FromUnixSeconds(600));
  EXPECT_THAT(text, HasSubstr("\ncitadel_server_root_cert_expiry_seconds 400"));
  EXPECT_THAT(text, HasSubstr("\ncitadel_server_cert_chain_expiry_seconds -100"));
}

TEST(Metrics, CountsNodesAndTheirAttempts) {
  Metrics metrics;
  metrics.CountAttestation("attested", "");
  metrics.CountAttestation("failed", "pcr_mismatch");
  metrics.CountAttestation("failed", "pcr_mismatch");
  metrics.SetNodes("held", "enrolment", 3);
  metrics.SetNodeTimes(1'800'000'000, 1'800'003'600);
  metrics.SetOldestEvidence("edge", 1'700'000'000);
  const std::string text = metrics.Scrape(FromUnixSeconds(0));
  EXPECT_THAT(text, HasSubstr("rootkeep_node_attestations_total{reason=\"\",verdict=\"attested\"} 1"));
  EXPECT_THAT(text, HasSubstr("rootkeep_node_attestations_total{reason=\"pcr_mismatch\",verdict=\"failed\"} 2"));
  EXPECT_THAT(text, HasSubstr("rootkeep_nodes{reason=\"enrolment\",standing=\"held\"} 3"));
  EXPECT_THAT(text, HasSubstr("\nrootkeep_nodes_newest_evidence_timestamp_seconds 1800000000"));
  EXPECT_THAT(text, HasSubstr("\nrootkeep_nodes_oldest_evidence_timestamp_seconds{group=\"edge\"} 1700000000"));
  EXPECT_THAT(text, HasSubstr("\nrootkeep_nodes_first_end_timestamp_seconds 1800003600"));
}

TEST(Metrics, BoundsTheReasonsItKeeps) {
  Metrics metrics;
  for (int i = 0; i < 200; ++i) metrics.CountRefusal("reason" + std::to_string(i));
  const std::string text = metrics.Scrape(FromUnixSeconds(0));
  EXPECT_THAT(text, HasSubstr("{reason=\"reason63\"} 1"));
  EXPECT_THAT(text, Not(HasSubstr("{reason=\"reason64\"}")));
  EXPECT_THAT(text, HasSubstr("{reason=\"other\"} 136"));
}

}  // namespace
}  // namespace rootkeep
