// A rootkeepd, asked with what the TPM says about this node.
#pragma once

#include <stop_token>

#include "attestation/attester/attester.h"
#include "keystore/tpm2/key_loader.h"
#include "tools/hardware/tpm_opener.h"
#include "tools/rootkeep-agent/certificate_config.h"
#include "tools/rootkeep-agent/certificate_source.h"

namespace rootkeep::agent {

// Anchors are read anew for each request, because they are replaced by others.
class AttestedSource final : public CertificateSource {
 public:
  // `config` has an attestation. `stop` ends one under way, once the TPM is done with what it is at.
  AttestedSource(CertificateConfig config, const TpmOpener::Opened& tpm, std::stop_token stop);

  // A certificate says nothing of how the machine was started.
  [[nodiscard]] bool TakesCertificates() const override { return false; }
  [[nodiscard]] std::string_view proof() const override { return "attestation"; }
  // Errors as rootkeep::Attest's, StoreKey::Open's, and ReadFile's for the anchors.
  Result<CertificateAnswer> Ask(const CertificateRequest& request) override;

 private:
  const CertificateConfig config_;
  const std::shared_ptr<tpm2::KeyLoader> loader_;
  const attestation::Attester attester_;
  const std::stop_token stop_;
};

}  // namespace rootkeep::agent
