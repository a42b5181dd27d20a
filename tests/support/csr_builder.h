// PKCS#10 requests put together piece by piece, so that a test can make any piece wrong.
#pragma once

#include <string>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"

namespace rootkeep::testing {

// DER of one Extension (RFC 5280 §4.1.2.9).
Bytes Extension(ByteView oid, bool critical, ByteView value);
// DER of a subjectAltName's value with the given GeneralNames, each finished DER.
Bytes AltNames(const std::vector<Bytes>& names);
// DER of a GeneralName: its context tag number and contents.
Bytes AltName(std::uint8_t number, std::string_view content);
// The subjectAltName extension with one critical URI, as istio's clients send it.
Bytes UriExtension(std::string_view uri);
// DER of an Attribute with these values.
Bytes Attribute(ByteView oid, const std::vector<Bytes>& values);
// DER of a Name with one attribute for each RDN: its OID, string tag and text.
struct NamePart {
  Bytes oid;
  std::uint8_t tag;
  std::string text;
};
Bytes NameOf(const std::vector<NamePart>& parts);
// DER of an AlgorithmIdentifier; `null` adds NULL parameters.
Bytes AlgorithmOf(ByteView oid, bool null);

struct CsrBuilder {
  explicit CsrBuilder(EVP_PKEY* signing_key);

  EVP_PKEY* key;
  const char* md = "SHA256";  // null for Ed25519
  std::uint32_t version = 0;
  Bytes subject = NameOf({});
  Bytes spki;
  std::vector<Bytes> extensions;        // in one extensionRequest, when there are any
  std::vector<Bytes> other_attributes;  // after it
  bool omit_attributes = false;
  Bytes algorithm;

  // The signed request.
  [[nodiscard]] Bytes Der() const;
  [[nodiscard]] std::string Pem() const;
};

// A fresh key's request as ztunnel sends it: empty subject, one critical URI.
std::string MakeCsrPem(EVP_PKEY* key, std::string_view uri);

}  // namespace rootkeep::testing
