#include "attestation/verifier/ek_certificate.h"

#include <algorithm>
#include <array>

#include "attestation/verifier/ek_names.h"
#include "attestation/verifier/reasons.h"
#include "attestation/wire/messages.h"

namespace rootkeep::attestation {
namespace {

using ExtKeyUsage = ossl::Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>;

Status CheckSerial(const X509* cert) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(cert);
  const ByteView octets(ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial)));
  const bool zero = std::ranges::all_of(octets, [](std::uint8_t octet) { return octet == 0; });
  if (zero || ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER) return Failure(reason::kEkCertificateSerial);
  return Ok();
}

Status CheckKeyUsage(X509* cert, std::uint32_t flags, bool rsa) {
  if ((flags & EXFLAG_KUSAGE) == 0) return Failure(reason::kEkCertificateKeyUsage, "there is none");
  const std::uint32_t usage = X509_get_key_usage(cert);
  if ((usage & (rsa ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT)) == 0 ||
      (usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0) {
    return Failure(reason::kEkCertificateKeyUsage);
  }
  return Ok();
}

// tcg-kp-EKCertificate is among the usages, where there are any.
Status CheckExtKeyUsage(const X509* cert, std::uint32_t flags) {
  if ((flags & EXFLAG_XKUSAGE) == 0) return Ok();
  const ExtKeyUsage usages(
      static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(cert, NID_ext_key_usage, nullptr, nullptr)));
  for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
    if (IsOid(sk_ASN1_OBJECT_value(usages.get(), i), kOidEkCertificate)) return Ok();
  }
  return Failure(reason::kEkCertificateExtKeyUsage);
}

}  // namespace

Result<ByteView> UnwrapEkCertificate(ByteView contents) {
  constexpr std::array<std::uint8_t, 3> kStoredCertificate{0x10, 0x01, 0x00};
  constexpr std::size_t kHeader = kStoredCertificate.size() + 2;
  if (contents.size() >= kHeader && std::ranges::equal(contents.first(kStoredCertificate.size()), kStoredCertificate)) {
    const std::size_t size = static_cast<std::size_t>(contents[3]) << 8 | contents[4];
    contents = contents.subspan(kHeader);
    if (size > contents.size()) return Failure(reason::kEkCertificateMalformed, "its index ends before it does");
    contents = contents.first(size);
  }
  constexpr std::uint8_t kSequence = V_ASN1_CONSTRUCTED | V_ASN1_SEQUENCE;  // in one octet, X.690 §8.1.2
  const unsigned char* at = contents.data();
  long length = 0;  // NOLINT(google-runtime-int): OpenSSL's type
  int tag = 0;
  int cls = 0;
  if (contents.empty() || contents.front() != kSequence ||
      ASN1_get_object(&at, &length, &tag, &cls, static_cast<long>(contents.size())) != V_ASN1_CONSTRUCTED ||  // NOLINT
      length == 0) {
    ossl::ClearErrors();
    return Failure(reason::kEkCertificateMalformed, "it is no whole SEQUENCE");
  }
  return contents.first(static_cast<std::size_t>(at - contents.data() + length));
}

Result<ossl::Cert> ReadCertificate(ByteView der, std::string_view reason) {
  if (der.size() > kMaxCertificateSize) return Failure(reason, "it is larger than 8 KiB");
  const unsigned char* at = der.data();
  ossl::Cert cert(d2i_X509(nullptr, &at, static_cast<long>(der.size())));  // NOLINT(google-runtime-int)
  if (cert == nullptr) {
    ossl::ClearErrors();
    return Failure(reason);
  }
  if (at != der.data() + der.size()) return Failure(reason, "octets follow it");
  return cert;
}

Status CheckEkCertificateKey(const X509* cert, ByteView spki) {
  ASN1_OBJECT* algorithm = nullptr;
  X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, nullptr, X509_get_X509_PUBKEY(cert));
  if (OBJ_obj2nid(algorithm) == NID_rsaesOaep) {
    return Failure(reason::kEkCertificateKey, "it is of algorithm id-RSAES-OAEP, as those of TPM 1.2 are");
  }
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
  const ossl::Owned<unsigned char, FreeOctets> owner(der);
  if (size <= 0) return ossl::TakeError(Code::kInternal, "i2d_X509_PUBKEY");
  if (!std::ranges::equal(ByteView(der, static_cast<std::size_t>(size)), spki)) {
    return Failure(reason::kEkCertificateKey);
  }
  return Ok();
}

Result<TpmNames> CheckEkProfile(X509* cert, bool rsa) {
  if (X509_get_version(cert) != X509_VERSION_3) return Failure(reason::kEkCertificateVersion);
  RK_RETURN_IF_ERROR(CheckSerial(cert));
  const std::uint32_t flags = X509_get_extension_flags(cert);
  if ((flags & EXFLAG_INVALID) != 0) {
    ossl::ClearErrors();
    return Failure(reason::kEkCertificateMalformed, "an extension does not parse");
  }
  if ((flags & EXFLAG_BCONS) == 0 || (flags & EXFLAG_CA) != 0) return Failure(reason::kEkCertificateCa);
  RK_RETURN_IF_ERROR(CheckKeyUsage(cert, flags, rsa));
  RK_RETURN_IF_ERROR(CheckExtKeyUsage(cert, flags));
  RK_TRY(TpmNames names, ReadTpmNames(cert));
  RK_RETURN_IF_ERROR(CheckTpmSpecification(cert));
  return names;
}

}  // namespace rootkeep::attestation
