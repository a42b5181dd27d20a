// A CA with the istio API, asked with a token or a certificate.
#pragma once

#include <stop_token>

#include "tools/rootkeep-agent/certificate_config.h"
#include "tools/rootkeep-agent/certificate_source.h"

namespace rootkeep::agent {

// Token and anchors are read anew for each request, because both are replaced by others.
class IstioSource final : public CertificateSource {
 public:
  // `stop` ends a call under way.
  IstioSource(CertificateConfig config, std::stop_token stop) : config_(std::move(config)), stop_(std::move(stop)) {}

  [[nodiscard]] bool TakesCertificates() const override { return true; }
  [[nodiscard]] std::string_view proof() const override { return "token"; }
  // Errors as IstioClient's, and as ReadFile's for the files; FAILED_PRECONDITION where a token is to be shown and none
  // is configured.
  Result<CertificateAnswer> Ask(const CertificateRequest& request) override;

 private:
  const CertificateConfig config_;
  const std::stop_token stop_;
};

}  // namespace rootkeep::agent
