// PKCS#10 requests (RFC 2986) as hostile bytes: strict parsing under limits, then proof of possession.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "keystore/key_spec.h"
#include "signer/general_name.h"

namespace rootkeep {

inline constexpr std::size_t kMaxCsrPem = 64 * 1024;

// How the request signs itself; what its OID and key allow.
enum class CsrSignature : std::uint8_t {
  kEcdsaSha256,
  kEcdsaSha384,
  kEcdsaSha512,
  kRsaSha256,
  kRsaSha384,
  kRsaSha512,
  kEd25519
};

// Views into `der`, which it owns; movable.
struct Csr {
  Bytes der;   // the whole CertificationRequest
  Bytes spki;  // DER SubjectPublicKeyInfo
  KeyType key_type = KeyType::kEcP256;
  std::string common_name;        // empty when there is none
  std::vector<GeneralName> sans;  // URI, DNS and IP names asked for, in order; informative only
  CsrSignature signature_algorithm = CsrSignature::kEcdsaSha256;
  Bytes signature;              // contents of the BIT STRING
  std::size_t info_offset = 0;  // CertificationRequestInfo inside der, the signed part
  std::size_t info_size = 0;

  [[nodiscard]] ByteView info() const { return ByteView(der).subspan(info_offset, info_size); }
};

// Parses the first PEM block (any label, as istiod does; nothing but white space before it). Accepts exactly what
// OpenSSL's d2i_X509_REQ accepts of the shapes in scope, never more; refuses subject keys other than P-256, P-384,
// Ed25519 and RSA of 2048, 3072 and 4096 bits. INVALID_ARGUMENT with reason "csr_pem", "csr_parse" or "csr_key".
Result<Csr> ParseCsr(std::string_view pem);
// The same for bare DER.
Result<Csr> ParseCsrDer(ByteView der);

// Checks the request's own signature. INVALID_ARGUMENT with reason "csr_signature".
Status VerifyProofOfPossession(const Csr& csr);

}  // namespace rootkeep
