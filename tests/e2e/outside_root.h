// A root kept elsewhere: it gets a PKCS#10 request and sends a certificate back, right or wrong.
#pragma once

#include <cstdint>
#include <string>

#include "tests/support/test_certificate.h"

namespace rootkeep::testing {

// What it certifies, in OpenSSL's configuration syntax; empty extensions are left out.
struct OutsideTerms {
  std::string basic_constraints = "critical,CA:TRUE,pathlen:0";
  std::string key_usage = "critical,keyCertSign,cRLSign";
  std::string subject_key_id = "hash";
  std::int64_t from_now = -3600;              // seconds
  std::int64_t until_from_now = 365 * 86400;  // seconds
};

class OutsideRoot {
 public:
  [[nodiscard]] std::string Pem() const { return root_.CertificatePem(); }

  // PEM of a certificate for the request's subject and key.
  [[nodiscard]] std::string Certify(const std::string& csr_pem, const OutsideTerms& terms = {}) const;

 private:
  Identity root_ = MakeCa("root kept elsewhere");
};

}  // namespace rootkeep::testing
