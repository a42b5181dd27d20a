// A CA with the istio API, asked with a token or a certificate.
#pragma once

#include <optional>
#include <stop_token>

#include "keystore/tpm2/key_loader.h"
#include "signer/client/istio_client.h"
#include "tools/hardware/tpm_opener.h"
#include "tools/rootkeep-agent/certificate_config.h"
#include "tools/rootkeep-agent/certificate_source.h"

namespace rootkeep::agent {

// Token and anchors are read anew for each request, because both are replaced by others.
class IstioSource final : public CertificateSource {
 public:
  // `stop` ends a call under way. `tpm` has the key, where the configuration wants evidence of that; otherwise null.
  IstioSource(CertificateConfig config, const TpmOpener::Opened* tpm, std::stop_token stop);

  // Evidence goes with a token alone.
  [[nodiscard]] bool TakesCertificates() const override { return !config_.key_evidence; }
  [[nodiscard]] std::string_view proof() const override { return "token"; }
  // Errors as IstioClient's, ReadFile's for the files, and EvidenceFor's;
  // FAILED_PRECONDITION where a token is to be shown and none is configured.
  Result<CertificateAnswer> Ask(const CertificateRequest& request) override;

 private:
  // With who asks in them.
  Status AddProof(const CertificateRequest& request, IstioClientOptions& options) const;

  const CertificateConfig config_;
  const std::shared_ptr<tpm2::KeyLoader> loader_;  // null: without evidence
  const std::stop_token stop_;
};

}  // namespace rootkeep::agent
