#include "tools/rootkeep-agent/certificate_names.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "signer/authority/certificates.h"

namespace rootkeep::agent {
namespace {

using NamesOfCertificate = ossl::Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

std::string TextOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

GeneralName Comparable(GeneralName name) {
  if (name.kind == GeneralName::Kind::kDns) name.value = Lower(std::move(name.value));
  return name;
}

std::vector<GeneralName> NamesOf(const X509* certificate) {
  std::vector<GeneralName> out;
  const NamesOfCertificate names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) out.push_back({GeneralName::Kind::kUri, TextOf(name->d.uniformResourceIdentifier)});
    if (name->type == GEN_DNS) out.push_back({GeneralName::Kind::kDns, Lower(TextOf(name->d.dNSName))});
    if (name->type == GEN_IPADD) out.push_back({GeneralName::Kind::kIp, TextOf(name->d.iPAddress)});
  }
  return out;
}

}  // namespace

std::vector<GeneralName> MissingNames(std::string_view chain_pem, const std::vector<GeneralName>& names) {
  const auto chain = ParseCertificates(chain_pem);
  if (!chain.ok()) return names;
  const std::vector<GeneralName> held = NamesOf(chain->front().get());
  std::vector<GeneralName> missing;
  std::ranges::copy_if(names, std::back_inserter(missing), [&held](const GeneralName& name) {
    return std::ranges::find(held, Comparable(name)) == held.end();
  });
  return missing;
}

bool NamesAllUris(std::string_view chain_pem, const std::vector<GeneralName>& names) {
  return std::ranges::none_of(MissingNames(chain_pem, names),
                              [](const GeneralName& name) { return name.kind == GeneralName::Kind::kUri; });
}

}  // namespace rootkeep::agent
