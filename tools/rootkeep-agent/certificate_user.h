// Who in this process itself goes by a certificate that is kept.
#pragma once

#include <chrono>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "tools/rootkeep-agent/certificate_source.h"

namespace rootkeep::agent {

// Thread-safe.
class CertificateUser {
 public:
  CertificateUser() = default;
  CertificateUser(const CertificateUser&) = delete;
  CertificateUser& operator=(const CertificateUser&) = delete;
  virtual ~CertificateUser() = default;

  // From now on it shows this one, until that time. Called by the certificate's own thread, and again when it failed.
  virtual Status Use(const ClientCertificate& certificate, WallTime not_after) = 0;
  // Takes up nothing new; what is under way gets this long to end.
  virtual void Drain(std::chrono::milliseconds patience) = 0;
};

}  // namespace rootkeep::agent
