// What the tests on TPM simulators share: a manufacturer that is trusted, one of its TPMs, and a policy for it.
#pragma once

#include "attestation/verifier/attempt.h"
#include "tests/support/attest_node.h"

namespace rootkeep::testing {

// Made when first asked for; used by one test after another, each of which leaves the TPM's places empty. What resets,
// clears or extends a TPM uses one of its own.
struct Lab {
  TpmManufacturer manufacturer;
  SwTpm tpm{manufacturer, "node-1"};

  static Lab& Shared();
};

// Trusts `manufacturer`'s root for its TPMs.
attestation::EkTrust TrustOf(const TpmManufacturer& manufacturer);

// PCRs 0 and 7 of SHA-256, to be answered in a minute from Now().
attestation::ChallengeOptions Options();
// The moment at which all tests begin their attempts: an hour from now, when all certificates of this run are valid.
WallTime Now();

// Allows what PCRs 0 and 7 are after a boot of a simulator: zero.
attestation::AttestationPolicy Policy();

// An attempt of `node`, after its challenge.
struct Exchange {
  attestation::AttestInit init;
  attestation::Attempt attempt;
  attestation::AttestChallenge challenge;
  AttestBinding binding;

  attestation::Verdict Verify(const attestation::AttestEvidence& evidence,
                              const attestation::AttestationPolicy& policy = Policy(),
                              const std::optional<attestation::LastSeen>& last = std::nullopt);
};

// Aborts when the first message is refused or the challenge cannot be activated.
Exchange Start(const AttestNode& node);
Exchange Start(const AttestNode& node, const attestation::ChallengeOptions& options);

}  // namespace rootkeep::testing
