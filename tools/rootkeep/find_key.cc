#include "tools/rootkeep/find_key.h"

#include "keystore/pkcs11/uri.h"
#include "tools/rootkeep/deadlines.h"

namespace rootkeep::cli {
namespace {

constexpr std::size_t kNamedInHint = 10;

std::string LabelsIn(KeyStore& store) {
  const auto keys = store.List(After(kTokenDeadline));
  if (!keys.ok() || keys->empty()) return "the token holds no key that can be used";
  std::string labels = "the token holds ";
  for (std::size_t i = 0; i < keys->size() && i < kNamedInHint; ++i) labels += (i == 0 ? "" : ", ") + (*keys)[i].label;
  return keys->size() > kNamedInHint ? labels + " and more" : labels;
}

}  // namespace

Result<std::shared_ptr<const Signer>> FindKey(KeyStore& store, const std::string& key) {
  KeyUri uri{.object_label = key};
  if (key.starts_with("pkcs11:")) {
    RK_TRY(uri, pkcs11::ParseUri(key));
  }
  auto signer = store.Open(uri, After(kTokenDeadline));
  if (!signer.ok() && signer.error().code() == Code::kNotFound && signer.error().hint().empty()) {
    return std::move(signer).error().WithHint(LabelsIn(store));
  }
  return signer;
}

}  // namespace rootkeep::cli
