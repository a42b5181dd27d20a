// A CA with the istio API, asked with a token or a certificate.
#pragma once

#include "tools/rootkeep-agent/certificate_config.h"
#include "tools/rootkeep-agent/certificate_source.h"

namespace rootkeep::agent {

// Token and anchors are read anew for each request, because both are replaced by others.
class IstioSource final : public CertificateSource {
 public:
  explicit IstioSource(CertificateConfig config) : config_(std::move(config)) {}

  [[nodiscard]] bool TakesCertificates() const override { return true; }
  [[nodiscard]] std::string_view proof() const override { return "token"; }
  // Errors as IstioClient's, and as ReadFile's for the files.
  Result<CertificateAnswer> Ask(const CertificateRequest& request) override;

 private:
  const CertificateConfig config_;
};

}  // namespace rootkeep::agent
