// The daemon's issuing key under another root, whose key the tests hold: certificates for it of any shape and life.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/test_certificate.h"

namespace rootkeep::testing {

// A copy that holds the public half alone.
inline ossl::PKey PublicKeyIn(const ossl::Cert& certificate) { return ossl::PKey(X509_get_pubkey(certificate.get())); }

inline CertificateShape CaShape(const std::string& name, std::int64_t not_after = 4'000'000'000) {
  return {.common_name = name,
          .basic_constraints = "critical,CA:TRUE",
          .key_usage = "critical,keyCertSign,cRLSign",
          .extended_key_usage = "",
          .not_after = not_after};
}

// A certificate of `shape` by `issuer` for the key in `certificate`.
inline std::string Recertify(const ossl::Cert& certificate, const CertificateShape& shape, const Identity& issuer) {
  return MakeIdentityWithKey(PublicKeyIn(certificate), shape, &issuer).CertificatePem();
}

}  // namespace rootkeep::testing
