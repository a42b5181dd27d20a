// Where it is told how certificates are, beside the log.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/clock.h"
#include "signer/general_name.h"

namespace rootkeep::agent {

// Told by each certificate's own thread.
class CertificateReports {
 public:
  CertificateReports() = default;
  CertificateReports(const CertificateReports&) = delete;
  CertificateReports& operator=(const CertificateReports&) = delete;
  virtual ~CertificateReports() = default;

  // Which certificate is in the files from now on: one that was found there, or a new one. `missing` are names that
  // were asked for and are not in it.
  virtual void Holds(const std::string& certificate, WallTime not_after, const std::vector<GeneralName>& missing) = 0;
  // A new one was issued; `by` is what the agent proved itself with: "certificate", "token" or "attestation".
  virtual void Renewed(const std::string& certificate, std::string_view by) = 0;
  // `step` is "renewal", "proof" (the CA did not take the certificate as proof of who this is), "use" (by the relay)
  // or "reload".
  virtual void Failed(const std::string& certificate, std::string_view step) = 0;
  // Why there is none that can be used now; empty: there is one. Told again and again.
  virtual void Report(const std::string& certificate, const std::string& trouble) = 0;
};

}  // namespace rootkeep::agent
