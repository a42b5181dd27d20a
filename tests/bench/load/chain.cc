#include "tests/bench/load/chain.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "signer/der/reader.h"

namespace rootkeep::bench {

Result<std::vector<ossl::Cert>> ParsePemCertificates(std::string_view pem) {
  const ossl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<ossl::Cert> certificates;
  while (ossl::Cert certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    certificates.push_back(std::move(certificate));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (certificates.empty() || !at_end) return ossl::TakeError(Code::kInvalidArgument, "PEM_read_bio_X509");
  ossl::ClearErrors();
  return certificates;
}

Result<std::string> SerialOf(ByteView der) {
  der::Reader outside(der);
  if (auto certificate = outside.Take(der::kSequence)) {
    der::Reader inside(*certificate);
    if (auto to_be_signed = inside.Take(der::kSequence)) {
      der::Reader fields(*to_be_signed);
      fields.Take(der::ContextConstructed(0));  // version
      if (auto serial = fields.Take(der::kInteger)) return std::string(AsText(*serial));
    }
  }
  return InvalidArgument("a certificate without a serial number at its place");
}

Bytes SpkiOf(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  Bytes spki(der, der + size);
  OPENSSL_free(der);
  return spki;
}

std::string OnlyUriSanOf(const X509* certificate) {
  const ossl::Owned<GENERAL_NAMES, GENERAL_NAMES_free> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr || sk_GENERAL_NAME_num(names.get()) != 1) return {};
  int type = 0;
  const auto* uri =
      static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), 0), &type));
  if (type != GEN_URI) return {};
  return std::string(AsText({ASN1_STRING_get0_data(uri), static_cast<std::size_t>(ASN1_STRING_length(uri))}));
}

}  // namespace rootkeep::bench
