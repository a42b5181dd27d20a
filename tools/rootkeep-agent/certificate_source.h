// Who is asked for certificates.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "keystore/key_info.h"

namespace rootkeep::agent {

// By which this program proves who it is in TLS.
struct ClientCertificate {
  std::string chain_pem;      // leaf first
  std::string key_reference;  // PEM, which this process's OpenSSL can sign with
};

struct CertificateRequest {
  std::string csr_pem;
  const KeyInfo& key;                        // that signed it
  std::chrono::seconds lifetime{0};          // 0: the CA's
  const ClientCertificate* shown = nullptr;  // null: proof is the source's own affair
};

struct CertificateAnswer {
  std::vector<std::string> elements;  // PEM: the certificate with those above it, the whole trust bundle last
  std::optional<WallTime> renew_by;   // when the CA wants to be asked again, if it said so
};

class CertificateSource {
 public:
  CertificateSource() = default;
  CertificateSource(const CertificateSource&) = delete;
  CertificateSource& operator=(const CertificateSource&) = delete;
  virtual ~CertificateSource() = default;

  // Whether the last certificate proves who this is; otherwise `shown` is always null.
  [[nodiscard]] virtual bool TakesCertificates() const = 0;
  // What it proves itself with otherwise, for logs and metrics: a literal, "token" or "attestation".
  [[nodiscard]] virtual std::string_view proof() const = 0;
  // At least two elements. Blocks for a bounded time.
  virtual Result<CertificateAnswer> Ask(const CertificateRequest& request) = 0;
};

}  // namespace rootkeep::agent
