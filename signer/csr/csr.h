// PKCS#10 requests (RFC 2986) as hostile bytes: strict parsing under limits, then proof of possession.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "signer/csr/subject_key.h"
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

// Holds no view of the text it was parsed from; movable and copyable.
struct Csr {
  Bytes der;   // the whole CertificationRequest
  Bytes spki;  // DER SubjectPublicKeyInfo
  SubjectKeyKind key_kind = SubjectKeyKind::kEcP256;
  unsigned key_bits = 0;
  std::string common_name;        // UTF-8; the last one when there are several; empty when there is none
  std::vector<GeneralName> sans;  // URI, DNS and IP names asked for, in order; informative only
  bool other_names = false;       // e-mail addresses were asked for too
  bool other_extensions = false;  // extensions beside the subject alternative name were asked for
  CsrSignature signature_algorithm = CsrSignature::kEcdsaSha256;
  Bytes signature;              // contents of the BIT STRING
  std::size_t info_offset = 0;  // CertificationRequestInfo inside der, the signed part
  std::size_t info_size = 0;
  std::size_t subject_offset = 0;  // Name inside der
  std::size_t subject_size = 0;

  [[nodiscard]] ByteView info() const { return ByteView(der).subspan(info_offset, info_size); }
  // DER Name, as asked for.
  [[nodiscard]] ByteView subject() const { return ByteView(der).subspan(subject_offset, subject_size); }
};

// Parses the first PEM block (any label, as istiod does; nothing but white space before it). Whatever it accepts,
// OpenSSL's d2i_X509_REQ accepts and reads alike; of other shapes it is stricter: DER only, version 0, subject
// attributes that are UTF8String, PrintableString or IA5String, alternative names that are URI, DNS, IP or e-mail, and
// at most 32 subject attributes, 16 request attributes, 32 extensions and 100 names. Names are judged by policy, not
// here. INVALID_ARGUMENT with reason "csr_pem", "csr_parse", "csr_key" (see ParseSubjectKey) or "csr_signature" (the
// algorithm is none of CsrSignature's, SHA-1 for one, or does not fit the key).
Result<Csr> ParseCsr(std::string_view pem);
// The same for bare DER.
Result<Csr> ParseCsrDer(ByteView der);

// Checks the request's own signature. INVALID_ARGUMENT with reason "csr_signature", or "csr_key" when the point is not
// on its curve. Thread-safe; keeps a few OpenSSL objects for each thread that calls it.
Status VerifyProofOfPossession(const Csr& csr);
// The same for several, in their order.
std::vector<Status> VerifyProofsOfPossession(std::span<const Csr* const> csrs);
// With how many at once each costs least: 1 where nothing is gained by that.
std::size_t BestProofBatch();

}  // namespace rootkeep
