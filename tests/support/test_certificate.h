// Certificates for tests of what reads them: any shape, also ones that Rootkeep never issues.
#pragma once

#include <cstdint>
#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"

namespace rootkeep::testing {

// Extensions in OpenSSL's configuration syntax; an empty one is left out.
struct CertificateShape {
  std::string common_name;
  std::string san;  // "URI:spiffe://td/ns/x/sa/y,DNS:a.test,IP:10.0.0.1"
  std::string basic_constraints = "critical,CA:FALSE";
  std::string key_usage = "critical,digitalSignature,keyEncipherment";
  std::string extended_key_usage = "serverAuth,clientAuth";
  std::string subject_key_id;              // "hash" for the usual one
  std::string digest = "SHA256";           // of the signature, as OpenSSL calls it
  std::int64_t not_before = 0;             // seconds since the Unix epoch
  std::int64_t not_after = 4'000'000'000;  // in the year 2096
};

// A key and its certificate.
struct Identity {
  ossl::PKey key;
  ossl::Cert cert;

  [[nodiscard]] Bytes Der() const;
  [[nodiscard]] std::string CertificatePem() const;
  [[nodiscard]] std::string KeyPem() const;
};

// A P-256 key with a certificate of this shape, signed by `issuer`, or by itself when that is null.
Identity MakeIdentity(const CertificateShape& shape, const Identity* issuer = nullptr);

// The same for a key that exists already.
Identity MakeIdentityWithKey(ossl::PKey key, const CertificateShape& shape, const Identity* issuer);

// What MakeCa makes.
CertificateShape RootShape(const std::string& common_name = "test CA");

// A self-signed CA.
Identity MakeCa(const std::string& common_name = "test CA");

}  // namespace rootkeep::testing
