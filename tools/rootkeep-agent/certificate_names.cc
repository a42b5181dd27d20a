#include "tools/rootkeep-agent/certificate_names.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <string>

#include "signer/authority/certificates.h"

namespace rootkeep::agent {
namespace {

using NamesOfCertificate = ossl::Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

std::vector<std::string> UrisOf(const X509* certificate) {
  std::vector<std::string> uris;
  const NamesOfCertificate names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<std::size_t>(ASN1_STRING_length(uri)));
  }
  return uris;
}

}  // namespace

bool NamesAllUris(std::string_view chain_pem, const std::vector<GeneralName>& names) {
  const auto chain = ParseCertificates(chain_pem);
  if (!chain.ok()) return false;
  const std::vector<std::string> uris = UrisOf(chain->front().get());
  return std::ranges::all_of(names, [&uris](const GeneralName& name) {
    return name.kind != GeneralName::Kind::kUri || std::ranges::find(uris, name.value) != uris.end();
  });
}

}  // namespace rootkeep::agent
