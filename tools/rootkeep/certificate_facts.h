// What a certificate says, for people and scripts to read. Decides nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"

namespace rootkeep::cli {

struct CertificateFacts {
  ossl::Cert certificate;
  std::string subject;            // "O=cluster.local, CN=..." in the certificate's order; empty when it is
  std::string issuer;             // the same
  std::vector<std::string> sans;  // URI, DNS and IP names as text, in order
  std::string serial;             // lower-case hexadecimal
  WallTime not_before;
  WallTime not_after;
  bool ca = false;
  std::optional<long> path_length;
  Bytes spki;  // DER SubjectPublicKeyInfo

  // What people call it: a CA by its subject, everything else by its first name.
  [[nodiscard]] const std::string& Who() const {
    return sans.empty() || (ca && !subject.empty()) ? subject : sans.front();
  }
};

// Every CERTIFICATE block of `pem` in order; text around the blocks is passed over. INVALID_ARGUMENT when there is none
// or one is not a certificate.
Result<std::vector<CertificateFacts>> ReadCertificates(std::string_view pem);

// The certificate in `chain` whose key signed chain[index], which may be itself; null when none did.
const CertificateFacts* SignerOf(const std::vector<CertificateFacts>& chain, std::size_t index);

}  // namespace rootkeep::cli
