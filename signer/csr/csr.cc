#include "signer/csr/csr.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "signer/csr/errors.h"
#include "signer/csr/extensions.h"
#include "signer/csr/subject_name.h"
#include "signer/der/oid.h"
#include "signer/der/pem.h"
#include "signer/der/reader.h"

namespace rootkeep {
namespace {

using csr::BadSignature;
using csr::NotParsed;

enum class Parameters : std::uint8_t { kAbsent, kNull };

struct Algorithm {
  ByteView oid;
  CsrSignature signature;
  Parameters parameters;  // RFC 5758 §3.2, RFC 4055 §5, RFC 8410 §3
};

constexpr std::array<Algorithm, 7> kAlgorithms{{
    {der::oid::kEcdsaSha256, CsrSignature::kEcdsaSha256, Parameters::kAbsent},
    {der::oid::kRsaSha256, CsrSignature::kRsaSha256, Parameters::kNull},
    {der::oid::kEcdsaSha384, CsrSignature::kEcdsaSha384, Parameters::kAbsent},
    {der::oid::kEcdsaSha512, CsrSignature::kEcdsaSha512, Parameters::kAbsent},
    {der::oid::kRsaSha384, CsrSignature::kRsaSha384, Parameters::kNull},
    {der::oid::kRsaSha512, CsrSignature::kRsaSha512, Parameters::kNull},
    {der::oid::kEd25519, CsrSignature::kEd25519, Parameters::kAbsent},
}};

bool HasParameters(der::Reader& rest, Parameters wanted) {
  if (wanted == Parameters::kAbsent) return rest.AtEnd();
  const std::optional<ByteView> null = rest.Take(der::kNull);
  return null && null->empty() && rest.AtEnd();
}

Result<CsrSignature> ParseAlgorithm(ByteView identifier) {
  der::Reader reader(identifier);
  const std::optional<ByteView> oid = reader.Take(der::kOid);
  if (!oid) return NotParsed("the signature algorithm is not DER");
  const auto* const known = std::ranges::find_if(
      kAlgorithms, [&](const Algorithm& algorithm) { return std::ranges::equal(algorithm.oid, *oid); });
  if (known == kAlgorithms.end()) {
    return BadSignature("the request is not signed with ECDSA, RSA (PKCS#1 v1.5) or Ed25519 over SHA-2");
  }
  if (!HasParameters(reader, known->parameters)) return BadSignature("the signature algorithm's parameters are wrong");
  return known->signature;
}

bool Fits(CsrSignature signature, SubjectKeyKind key) {
  switch (signature) {
    case CsrSignature::kEcdsaSha256:
    case CsrSignature::kEcdsaSha384:
    case CsrSignature::kEcdsaSha512: return key == SubjectKeyKind::kEcP256 || key == SubjectKeyKind::kEcP384;
    case CsrSignature::kRsaSha256:
    case CsrSignature::kRsaSha384:
    case CsrSignature::kRsaSha512: return key == SubjectKeyKind::kRsa;
    case CsrSignature::kEd25519: return key == SubjectKeyKind::kEd25519;
  }
  return false;
}

// CertificationRequestInfo ::= SEQUENCE { version, subject, subjectPKInfo, attributes [0] } (RFC 2986 §4.1).
// `whole` is the request that `info` lies in.
Status ParseInfo(ByteView info, ByteView whole, Csr& csr) {
  der::Reader reader(info);
  const std::optional<ByteView> version = reader.Take(der::kInteger);
  if (!version || version->size() != 1 || version->front() != 0) return NotParsed("the request's version is not 0");
  const std::optional<der::Element> subject = reader.NextIs(der::kSequence) ? reader.Take() : std::nullopt;
  if (!subject) return NotParsed("the request has no subject");
  RK_TRY(csr.common_name, csr::ParseSubject(subject->content));
  csr.subject_offset = static_cast<std::size_t>(subject->whole.data() - whole.data());
  csr.subject_size = subject->whole.size();
  if (!reader.NextIs(der::kSequence)) return NotParsed("the request has no public key");
  const std::optional<der::Element> spki = reader.Take();
  if (!spki) return NotParsed("the request's public key is not DER");
  RK_TRY(const SubjectKey key, ParseSubjectKey(spki->whole));
  csr.key_kind = key.kind;
  csr.key_bits = key.bits;
  csr.spki = ToBytes(spki->whole);
  if (reader.AtEnd()) return Ok();
  const std::optional<ByteView> attributes = reader.Take(der::ContextConstructed(0));
  if (!attributes || !reader.AtEnd()) return NotParsed("the request does not end with its attributes");
  RK_TRY(csr::RequestedExtensions requested, csr::ParseAttributes(*attributes));
  csr.sans = std::move(requested.sans);
  csr.other_names = requested.other_names;
  csr.other_extensions = requested.other_extensions;
  return Ok();
}

Result<Csr> ParseOwned(Bytes der) {
  const std::optional<ByteView> body = der::Only(der, der::kSequence);
  if (!body) return NotParsed("the request is not one DER sequence");
  der::Reader reader(*body);
  const std::optional<der::Element> info = reader.NextIs(der::kSequence) ? reader.Take() : std::nullopt;
  const std::optional<ByteView> algorithm = reader.Take(der::kSequence);
  const std::optional<ByteView> bits = reader.Take(der::kBitString);
  if (!info || !algorithm || !bits || !reader.AtEnd()) {
    return NotParsed("the request is not its information, an algorithm and a signature");
  }
  const std::optional<ByteView> signature = der::BitStringOctets(*bits);
  if (!signature) return NotParsed("the signature is not whole octets");
  Csr csr;
  RK_RETURN_IF_ERROR(ParseInfo(info->content, der, csr));
  RK_TRY(csr.signature_algorithm, ParseAlgorithm(*algorithm));
  if (!Fits(csr.signature_algorithm, csr.key_kind)) return BadSignature("the signature algorithm does not fit the key");
  csr.signature = ToBytes(*signature);
  csr.info_offset = static_cast<std::size_t>(info->whole.data() - der.data());
  csr.info_size = info->whole.size();
  csr.der = std::move(der);
  return csr;
}

}  // namespace

Result<Csr> ParseCsr(std::string_view pem) {
  if (pem.size() > kMaxCsrPem) return csr::NotPem(fmt::format("the request is longer than {} octets", kMaxCsrPem));
  Result<Bytes> der = der::FirstPemBlock(pem);
  if (!der.ok()) return std::move(der).error().WithReason("csr_pem");
  return ParseOwned(std::move(*der));
}

Result<Csr> ParseCsrDer(ByteView der) {
  if (der.size() > kMaxCsrPem) return NotParsed(fmt::format("the request is longer than {} octets", kMaxCsrPem));
  return ParseOwned(ToBytes(der));
}

}  // namespace rootkeep
