#include "tools/rootkeep/find_key.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "keystore/pkcs11/uri.h"
#include "keystore/tpm2/uri.h"
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

// The label of the one key that has the name; `name` itself when none or several have, so that opening it says so.
Result<std::string> LabelOf(KeyStore& store, const std::string& name) {
  RK_TRY(const std::vector<KeyInfo> keys, store.List(After(kTokenDeadline)));
  std::vector<std::string> labels;
  for (const KeyInfo& key : keys) {
    if (key.label == name) return name;
    if (key.named && key.named->name == name) labels.push_back(key.label);
  }
  if (labels.empty()) return name;
  if (labels.size() == 1) return labels.front();
  return FailedPrecondition(fmt::format("{} keys have the name \"{}\"", labels.size(), name))
      .WithHint(fmt::format("say which: {}", fmt::join(labels, ", ")));
}

}  // namespace

Result<std::shared_ptr<const Signer>> FindKey(KeyStore& store, const std::string& key, UriScheme scheme) {
  KeyUri uri{.scheme = scheme, .object_label = key};
  if (key.starts_with("pkcs11:")) {
    RK_TRY(uri, pkcs11::ParseUri(key));
  } else if (key.starts_with("tpm2:")) {
    RK_TRY(uri, tpm2::ParseUri(key));
  } else if (key.find('/') == std::string::npos) {
    RK_TRY(uri.object_label, LabelOf(store, key));
  }
  auto signer = store.Open(uri, After(kTokenDeadline));
  if (!signer.ok() && signer.error().code() == Code::kNotFound && signer.error().hint().empty()) {
    return std::move(signer).error().WithHint(LabelsIn(store));
  }
  return signer;
}

}  // namespace rootkeep::cli
