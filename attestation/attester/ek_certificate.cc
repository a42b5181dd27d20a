#include "attestation/attester/ek_certificate.h"

#include <array>

#include "keystore/base/openssl.h"

namespace rootkeep::attestation {
namespace {

// The SEQUENCE at the beginning; empty when there is no whole one.
ByteView FirstSequence(ByteView octets) {
  const unsigned char* at = octets.data();
  long length = 0;  // NOLINT(google-runtime-int): OpenSSL's type
  int tag = 0;
  int cls = 0;
  const int form = ASN1_get_object(&at, &length, &tag, &cls, static_cast<long>(octets.size()));  // NOLINT
  ossl::ClearErrors();
  // Bits of `form`: an error, indefinite length.
  if ((form & 0x81) != 0 || (form & V_ASN1_CONSTRUCTED) == 0 || tag != V_ASN1_SEQUENCE || cls != V_ASN1_UNIVERSAL)
    return {};
  return octets.first(static_cast<std::size_t>(at - octets.data() + length));
}

}  // namespace

Result<Bytes> UnwrapCertificate(ByteView nv) {
  constexpr std::array<std::uint8_t, 3> kHeader{0x10, 0x01, 0x00};
  constexpr std::size_t kHeaderSize = kHeader.size() + 2;
  if (nv.size() > kHeaderSize && std::ranges::equal(nv.first(kHeader.size()), kHeader)) nv = nv.subspan(kHeaderSize);
  const ByteView der = FirstSequence(nv);
  if (der.empty()) return InvalidArgument("there is no certificate in it");
  return ToBytes(der);
}

std::vector<Bytes> SplitCertificates(ByteView octets, std::size_t most) {
  std::vector<Bytes> certificates;
  for (ByteView der; certificates.size() < most && !(der = FirstSequence(octets)).empty();) {
    certificates.push_back(ToBytes(der));
    octets = octets.subspan(der.size());
  }
  return certificates;
}

Result<Bytes> SpkiOfCertificate(ByteView der) {
  const unsigned char* cursor = der.data();
  const ossl::Cert certificate(d2i_X509(nullptr, &cursor, static_cast<long>(der.size())));  // NOLINT
  if (certificate == nullptr || cursor != der.data() + der.size()) {
    return ossl::TakeError(Code::kInvalidArgument, "d2i_X509");
  }
  unsigned char* out = nullptr;
  EVP_PKEY* const key = X509_get0_pubkey(certificate.get());
  const int size = key == nullptr ? 0 : i2d_PUBKEY(key, &out);
  if (size <= 0) return ossl::TakeError(Code::kInvalidArgument, "X509_get0_pubkey");
  Bytes spki(out, out + size);
  OPENSSL_free(out);
  return spki;
}

}  // namespace rootkeep::attestation
