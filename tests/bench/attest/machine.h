// A machine with a TPM simulator that attests itself: the other half of what is measured.
#pragma once

#include <optional>

#include "attestation/verifier/attempt.h"
#include "tests/support/attest_node.h"

namespace rootkeep::bench {

// Which machine, and what it is asked for.
enum class Kind : std::uint8_t {
  kRsa,   // RSA-2048 EK, P-256 AK and node key
  kP384,  // P-384 EK, else the same
  kLog,   // as kRsa, and the boot log of a real machine, which the registers hold
};

// What should succeed and does not aborts the program.
class Machine {
 public:
  explicit Machine(Kind kind);

  // The service's side: trusts the TPM's manufacturer, asks for PCR 0 to 9 and 14 and allows what they hold.
  [[nodiscard]] const attestation::EkTrust& trust() const { return *trust_; }
  [[nodiscard]] const attestation::ChallengeOptions& options() const { return options_; }
  [[nodiscard]] const attestation::AttestationPolicy& policy() const { return policy_; }
  [[nodiscard]] WallTime now() const { return now_; }

  // The node's. Its first message is always the same.
  [[nodiscard]] const attestation::AttestInit& init() const { return init_; }
  [[nodiscard]] attestation::AttestEvidence Answer(const attestation::AttestChallenge& challenge) const;

  // DER: the EK's certificate, its issuer's, and the root's.
  [[nodiscard]] std::vector<Bytes> EkChain() const;

 private:
  void Boot();

  const testing::TpmManufacturer manufacturer_;
  const testing::SwTpm tpm_{manufacturer_, "node-1"};
  const WallTime now_;
  Bytes boot_log_;
  std::optional<testing::AttestNode> node_;
  attestation::AttestInit init_;
  std::optional<attestation::EkTrust> trust_;
  attestation::ChallengeOptions options_;
  attestation::AttestationPolicy policy_;
};

}  // namespace rootkeep::bench
