// Who is asked for certificates.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "keystore/base/result.h"

namespace rootkeep::agent {

// By which this program proves who it is in TLS.
struct ClientCertificate {
  std::string chain_pem;      // leaf first
  std::string key_reference;  // PEM, which this process's OpenSSL can sign with
};

class CertificateSource {
 public:
  CertificateSource() = default;
  CertificateSource(const CertificateSource&) = delete;
  CertificateSource& operator=(const CertificateSource&) = delete;
  virtual ~CertificateSource() = default;

  // The certificate with those above it, and the whole trust bundle last: at least two elements of PEM. `lifetime` 0
  // leaves that to the CA. Proves who it is by `shown`; null: by a token, which is the source's affair. Blocks for a
  // bounded time.
  virtual Result<std::vector<std::string>> Ask(const std::string& csr_pem, std::chrono::seconds lifetime,
                                               const ClientCertificate* shown) = 0;
};

}  // namespace rootkeep::agent
