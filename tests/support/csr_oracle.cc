#include "tests/support/csr_oracle.h"

#include "keystore/base/openssl.h"

namespace rootkeep::testing {
namespace {

using Extensions = ossl::Owned<STACK_OF(X509_EXTENSION), [](STACK_OF(X509_EXTENSION) * s) {
  sk_X509_EXTENSION_pop_free(s, X509_EXTENSION_free);
}>;
using Names = ossl::Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

Bytes SpkiOf(X509_REQ* req) {
  unsigned char* der = nullptr;
  const int length = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(req), &der);
  if (length <= 0) return {};
  Bytes out(der, der + length);
  OPENSSL_free(der);
  return out;
}

std::string LastCommonName(X509_REQ* req) {
  const X509_NAME* subject = X509_REQ_get_subject_name(req);
  std::string last;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) {
    unsigned char* text = nullptr;
    const int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (length < 0) return "not text";
    last.assign(reinterpret_cast<char*>(text), static_cast<std::size_t>(length));
    OPENSSL_free(text);
  }
  return last;
}

std::string TextOf(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// X509_REQ_get_extensions would fall back to Microsoft's attribute, which we leave alone.
std::vector<GeneralName> NamesOf(X509_REQ* req) {
  if (X509_REQ_get_attr_by_NID(req, NID_ext_req, -1) < 0) return {};
  const Extensions extensions(X509_REQ_get_extensions(req));
  const Names names(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
  std::vector<GeneralName> out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) out.push_back({GeneralName::Kind::kUri, TextOf(name->d.uniformResourceIdentifier)});
    if (name->type == GEN_DNS) out.push_back({GeneralName::Kind::kDns, TextOf(name->d.dNSName)});
    if (name->type == GEN_IPADD) out.push_back({GeneralName::Kind::kIp, TextOf(name->d.iPAddress)});
  }
  return out;
}

}  // namespace

std::string DisagreementWithOpenSsl(const Csr& csr, bool proof_holds) {
  const unsigned char* cursor = csr.der.data();
  const ossl::CertReq req(d2i_X509_REQ(nullptr, &cursor, static_cast<long>(csr.der.size())));
  std::string disagreement;
  if (req == nullptr || cursor != csr.der.data() + csr.der.size()) {
    disagreement = "OpenSSL does not parse it";
  } else if (SpkiOf(req.get()) != csr.spki) {
    disagreement = "OpenSSL reads another public key";
  } else if (LastCommonName(req.get()) != csr.common_name) {
    disagreement = "OpenSSL reads another common name";
  } else if (NamesOf(req.get()) != csr.sans) {
    disagreement = "OpenSSL reads other alternative names: " + Describe(NamesOf(req.get()));
  } else if ((X509_REQ_verify(req.get(), X509_REQ_get0_pubkey(req.get())) == 1) != proof_holds) {
    disagreement = "OpenSSL judges the signature differently";
  }
  ossl::ClearErrors();
  return disagreement;
}

}  // namespace rootkeep::testing
