// How certificates are, where operators of the agent look: /readyz and /metrics.
#pragma once

#include "signer/ops/readiness.h"
#include "tools/rootkeep-agent/certificate_reports.h"
#include "tools/rootkeep-agent/metrics.h"

namespace rootkeep::agent {

class ShownCertificates final : public CertificateReports {
 public:
  // Both outlive this.
  ShownCertificates(Readiness& readiness, AgentMetrics& metrics) : readiness_(readiness), metrics_(metrics) {}

  void Holds(const std::string& certificate, WallTime not_after, const std::vector<GeneralName>& missing) override {
    metrics_.SetExpiry(certificate, not_after);
    metrics_.SetNamesMissing(certificate, missing.size());
    const std::string component = "names of certificate " + certificate;
    if (missing.empty()) {
      readiness_.Remove(component);
    } else {
      readiness_.Warn(component, "the CA did not give it " + Describe(missing));
    }
  }
  void Renewed(const std::string& certificate, std::string_view by) override { metrics_.CountRenewal(certificate, by); }
  void Failed(const std::string& certificate, std::string_view step) override {
    metrics_.CountFailure(certificate, step);
  }
  void Report(const std::string& certificate, const std::string& trouble) override {
    readiness_.Report("certificate " + certificate, trouble);
  }

 private:
  Readiness& readiness_;
  AgentMetrics& metrics_;
};

}  // namespace rootkeep::agent
