// Endorsement certificates of any shape, also such as no manufacturer should issue.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"
#include "tests/support/test_certificate.h"

namespace rootkeep::testing {

// Extensions in OpenSSL's configuration syntax; an empty one is left out.
struct EkCertificateShape {
  long version = X509_VERSION_3;  // NOLINT(google-runtime-int): OpenSSL's type
  long serial = 1;                // NOLINT(google-runtime-int)
  std::string common_name = "a TPM";
  // In one directoryName of the subject alternative name: OID and text of each attribute, an RDN each.
  std::vector<std::pair<std::string, std::string>> names = {
      {"2.23.133.2.1", "id:00001014"}, {"2.23.133.2.2", "swtpm"}, {"2.23.133.2.3", "id:20191023"}};
  bool names_critical = true;
  std::string basic_constraints = "critical,CA:FALSE";
  std::string key_usage = "critical,keyEncipherment";
  std::string extended_key_usage = "2.23.133.8.1";
  // Family of a tPMSpecification in the subject directory attributes, "2.0" on a TPM 2.0; empty: none.
  std::string specification = "2.0";
  std::string revision = "164";  // in it, of the specification; empty: left out
  // What stands for the attribute that it is in, and for that one's value.
  std::string attribute = "SEQUENCE:attribute";
  std::string attribute_value = "SEQUENCE:specification";
  bool specification_critical = false;
  bool other_attributes = false;            // beside the specification
  Bytes behind_attributes;                  // octets in their extension, behind what should fill it
  std::string certificate_policies;         // "@policy" for one with all its qualifiers
  std::string subject_key_id;               // "hash" for the usual one
  std::string authority_key_id;             // "keyid:always" for the issuer's
  Bytes subject;                            // DER, in place of the common name
  Bytes issuer;                             // DER, in place of the issuer's own name for itself
  bool encodes_false = false;               // that the key usage is not critical, which DER leaves out
  bool rsaes_oaep = false;                  // the key's algorithm, which those for TPM 1.2 name
  std::string unknown_critical;             // an OID, for an extension that nobody knows
  std::int64_t not_before = 1'000'000'000;  // seconds since the Unix epoch, in the year 2001
  std::int64_t not_after = 4'000'000'000;   // in the year 2096
  const char* md = "SHA256";
};

// DER, for `key`, signed by `issuer`.
Bytes MakeEkCertificate(const EkCertificateShape& shape, EVP_PKEY* key, const Identity& issuer);

}  // namespace rootkeep::testing
