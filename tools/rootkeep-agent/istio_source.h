// A CA with the istio API, asked with a token or a certificate.
#pragma once

#include "tools/rootkeep-agent/certificate_config.h"
#include "tools/rootkeep-agent/certificate_source.h"

namespace rootkeep::agent {

// Token and anchors are read anew for each request, because both are replaced by others.
class IstioSource final : public CertificateSource {
 public:
  explicit IstioSource(CertificateConfig config) : config_(std::move(config)) {}

  // Errors as IstioClient's, and as ReadFile's for the files.
  Result<std::vector<std::string>> Ask(const std::string& csr_pem, std::chrono::seconds lifetime,
                                       const ClientCertificate* shown) override;

 private:
  const CertificateConfig config_;
};

}  // namespace rootkeep::agent
