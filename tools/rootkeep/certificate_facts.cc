#include "tools/rootkeep/certificate_facts.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "signer/general_name.h"

namespace rootkeep::cli {
namespace {

std::string TextOf(const X509_NAME* name) {
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  constexpr unsigned long kOneLine = XN_FLAG_ONELINE & ~static_cast<unsigned long>(XN_FLAG_SPC_EQ);
  X509_NAME_print_ex(bio.get(), name, 0, kOneLine & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

WallTime TimeOf(const ASN1_TIME* time) {
  const ossl::Owned<ASN1_TIME, ASN1_TIME_free> epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0;
  int seconds = 0;
  ASN1_TIME_diff(&days, &seconds, epoch.get(), time);
  return FromUnixSeconds(std::int64_t{days} * 86400 + seconds);
}

std::string SerialOf(const X509* certificate) {
  const ossl::BigNum number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  Bytes octets(static_cast<std::size_t>(BN_num_bytes(number.get())));
  BN_bn2bin(number.get(), octets.data());
  return ToHex(octets);
}

std::string_view TextOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::vector<std::string> SansOf(const X509* certificate) {
  const ossl::Owned<GENERAL_NAMES, GENERAL_NAMES_free> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> sans;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type != GEN_URI && type != GEN_DNS && type != GEN_IPADD) continue;
    const std::string octets(TextOf(static_cast<const ASN1_STRING*>(value)));
    sans.push_back(type == GEN_IPADD ? GeneralName{GeneralName::Kind::kIp, octets}.ToText() : octets);
  }
  return sans;
}

Bytes SpkiOf(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  Bytes spki(der, der + size);
  OPENSSL_free(der);
  return spki;
}

CertificateFacts Read(ossl::Cert owned) {
  X509* certificate = owned.get();
  CertificateFacts facts{.certificate = std::move(owned),
                         .subject = TextOf(X509_get_subject_name(certificate)),
                         .issuer = TextOf(X509_get_issuer_name(certificate)),
                         .sans = SansOf(certificate),
                         .serial = SerialOf(certificate),
                         .not_before = TimeOf(X509_get0_notBefore(certificate)),
                         .not_after = TimeOf(X509_get0_notAfter(certificate)),
                         .ca = X509_check_ca(certificate) == 1,
                         .spki = SpkiOf(certificate)};
  if (const long length = X509_get_pathlen(certificate); length >= 0) facts.path_length = length;
  return facts;
}

}  // namespace

Result<std::vector<CertificateFacts>> ReadCertificates(std::string_view pem) {
  ossl::ClearErrors();
  const ossl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<CertificateFacts> certificates;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.push_back(Read(ossl::Cert(certificate)));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!at_end) return ossl::TakeError(Code::kInvalidArgument, "read a certificate");
  ossl::ClearErrors();
  if (certificates.empty()) return InvalidArgument("no PEM certificate in it");
  return certificates;
}

const CertificateFacts* SignerOf(const std::vector<CertificateFacts>& chain, std::size_t index) {
  const X509* signed_one = chain[index].certificate.get();
  for (const CertificateFacts& candidate : chain) {
    EVP_PKEY* key = X509_get0_pubkey(candidate.certificate.get());
    if (key != nullptr &&
        X509_NAME_cmp(X509_get_subject_name(candidate.certificate.get()), X509_get_issuer_name(signed_one)) == 0 &&
        X509_verify(const_cast<X509*>(signed_one), key) == 1) {  // NOLINT: OpenSSL 3.0's signature lacks the const
      return &candidate;
    }
  }
  ossl::ClearErrors();
  return nullptr;
}

}  // namespace rootkeep::cli
