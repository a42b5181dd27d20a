// Certificate signing requests made before a run, so that the run measures the authority and not their making.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"

namespace rootkeep::bench {

struct PreparedCsr {
  std::string pem;
  Bytes spki;  // DER SubjectPublicKeyInfo, to hold against the certificate that comes back
  ossl::PKey key;
  std::string spiffe_id;
};

struct CsrPoolSpec {
  std::size_t count = 0;
  std::size_t callers = 1;  // request i is for caller i modulo this
  std::string trust_domain;
};

// Requests as ztunnel makes them: each a fresh P-256 key, ECDSA with SHA-256, empty subject, one critical URI SAN.
// Uses as many threads as the machine has processors. Aborts when OpenSSL cannot.
std::vector<PreparedCsr> PrepareCsrs(const CsrPoolSpec& spec);

}  // namespace rootkeep::bench
