#include "tests/unit/attestation/verifier/lab.h"

#include <cstdio>
#include <cstdlib>

namespace rootkeep::testing {
namespace {

template <typename T>
T Require(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "Lab: %s\n", result.error().ToString().c_str());
    std::abort();
  }
  return std::move(*result);
}

}  // namespace

Lab& Lab::Shared() {
  static Lab lab;
  return lab;
}

attestation::EkTrust TrustOf(const TpmManufacturer& manufacturer) {
  return Require(attestation::EkTrust::Create(
      {.anchors = {{.certificate = manufacturer.RootCertificate(), .manufacturers = {TpmManufacturer::kManufacturer}}},
       .intermediates = {manufacturer.IssuerCertificate()}}));
}

WallTime Now() {
  static const WallTime now = std::chrono::system_clock::now() + std::chrono::hours(1);
  return now;
}

attestation::ChallengeOptions Options() {
  return {.pcrs = attestation::SelectPcrs(attestation::Algorithm::kSha256, {0, 7}),
          .deadline = Now() + std::chrono::minutes(1),
          .server_identity = Bytes(attestation::kServerIdentitySize, 0x5e)};
}

attestation::AttestationPolicy Policy() {
  const Bytes zero(32);
  return {.pcrs = {.required = {0, 7},
                   .generations = {{.name = "bare", .allowed = {{0, {zero}}, {7, {zero}}}, .composites = {}}}},
          .node_key = {},
          .firmware = {}};
}

attestation::Verdict Exchange::Verify(const attestation::AttestEvidence& evidence,
                                      const attestation::AttestationPolicy& policy,
                                      const std::optional<attestation::LastSeen>& last) {
  return attempt.Verify(evidence, policy, last, Now());
}

Exchange Start(const AttestNode& node) { return Start(node, Options()); }

Exchange Start(const AttestNode& node, const attestation::ChallengeOptions& options) {
  attestation::AttestInit init = node.Init();
  attestation::Attempt attempt = Require(attestation::Attempt::Begin(init, TrustOf(Lab::Shared().manufacturer), Now()));
  attestation::AttestChallenge challenge = Require(attempt.Challenge(options));
  AttestBinding binding = BindingOf(init, challenge, Require(node.Activate(challenge)));
  return {.init = std::move(init),
          .attempt = std::move(attempt),
          .challenge = std::move(challenge),
          .binding = std::move(binding)};
}

}  // namespace rootkeep::testing
