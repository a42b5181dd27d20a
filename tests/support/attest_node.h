// The node's side of an attestation on a TPM simulator: honest, and taken apart so that a test can be dishonest at any
// step.
#pragma once

#include <memory>
#include <optional>

#include "attestation/wire/messages.h"
#include "tests/support/esys.h"
#include "tests/support/tpm_attest.h"
#include "tests/support/tpm_keys.h"

namespace rootkeep::testing {

// Which keys the node has.
struct NodeShape {
  EkKind ek = EkKind::kL1;
  attestation::AkPlacement placement = attestation::AkPlacement::kEndorsementPrimary;
  TPM2B_PUBLIC ak = AkTemplate();
  ESYS_TR ak_hierarchy = ESYS_TR_RH_ENDORSEMENT;  // of a primary AK
  TPM2B_PUBLIC node_key = NodeKeyTemplate();
};

// AK and node key are loaded as long as it lives; with a persistent EK, that leaves one of the TPM's three places. What
// should succeed and does not aborts the test program.
class AttestNode {
 public:
  explicit AttestNode(const SwTpm& tpm, const NodeShape& shape = {});

  [[nodiscard]] const Esys& esys() const { return esys_; }
  [[nodiscard]] const TpmKey& ek() const { return *ek_; }
  [[nodiscard]] const TpmKey& ak() const { return *ak_; }
  [[nodiscard]] const TpmKey& node_key() const { return *node_key_; }

  // The first message, without an EK certificate for kL2.
  [[nodiscard]] attestation::AttestInit Init() const;
  // PKCS#10 for the node key, signed by it in the TPM.
  [[nodiscard]] Bytes Csr() const;

  // The secret in the challenge; an error of the TPM when it is not for this EK and AK.
  [[nodiscard]] Result<Bytes> Activate(const attestation::AttestChallenge& challenge) const;

  // The last message, as the protocol has it.
  [[nodiscard]] attestation::AttestEvidence Answer(const attestation::AttestInit& init,
                                                   const attestation::AttestChallenge& challenge) const;

 private:
  Esys esys_;
  std::optional<TpmKey> ek_;
  std::optional<TpmKey> ak_;
  std::optional<TpmKey> node_key_;
  attestation::AkPlacement placement_;
  Bytes ek_certificate_;
  Bytes node_key_parent_;
};

// What the answer to a challenge is bound to.
struct AttestBinding {
  Bytes transcript;
  Bytes secret;
  Bytes quote_nonce;
  Bytes certify_nonce;
  Bytes proof;
};
AttestBinding BindingOf(const attestation::AttestInit& init, const attestation::AttestChallenge& challenge,
                        ByteView secret);

// What the challenge selects, for Quote.
std::vector<Pcrs> PcrsOf(const attestation::AttestChallenge& challenge);
// Values as PCR_Read gives them, for an AttestEvidence.
std::vector<attestation::PcrValue> PcrValuesOf(const Esys& esys, const attestation::AttestChallenge& challenge);

}  // namespace rootkeep::testing
