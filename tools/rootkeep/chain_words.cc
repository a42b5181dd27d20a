#include "tools/rootkeep/chain_words.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/rootkeep/key_report.h"

namespace rootkeep::cli {
namespace {

using nlohmann::ordered_json;

const KeyInfo* KeyOf(const CertificateFacts* signer, const std::vector<KeyInfo>& keys) {
  if (signer == nullptr) return nullptr;
  for (const KeyInfo& key : keys) {
    if (key.public_key.spki() == signer->spki) return &key;
  }
  return nullptr;
}

// "24h2m" and the like: the largest two units say enough.
std::string Span(WallTime from, WallTime until) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(until - from).count();
  if (minutes >= 72 * 60) return fmt::format("{} days", minutes / (24 * 60));
  return fmt::format("{}h{:02}m", minutes / 60, minutes % 60);
}

std::string Kind(const CertificateFacts& facts, bool self_signed) {
  if (!facts.ca) return "workload";
  return self_signed ? "root CA" : "issuing CA";
}

std::string SignedBy(const CertificateFacts& facts, const CertificateFacts* signer) {
  if (signer == nullptr) return facts.issuer + " (whose certificate is not here)";
  return signer == &facts ? "itself" : signer->Who();
}

ordered_json OneJson(const CertificateFacts& facts, const CertificateFacts* signer, const KeyInfo* key) {
  ordered_json json{{"subject", facts.subject},
                    {"issuer", facts.issuer},
                    {"names", facts.sans},
                    {"serial", facts.serial},
                    {"not_before", ToRfc3339(facts.not_before)},
                    {"not_after", ToRfc3339(facts.not_after)},
                    {"ca", facts.ca},
                    {"path_length", facts.path_length ? ordered_json(*facts.path_length) : ordered_json(nullptr)},
                    {"self_signed", signer == &facts},
                    {"signature_checked", signer != nullptr}};
  json["signed_with"] = key == nullptr ? ordered_json(nullptr) : KeyJson(*key);
  return json;
}

}  // namespace

std::vector<std::string> ChainWords(const std::vector<CertificateFacts>& chain, const std::vector<KeyInfo>& keys) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const CertificateFacts& facts = chain[i];
    const CertificateFacts* signer = SignerOf(chain, i);
    lines.push_back(fmt::format("{:<12}{}", Kind(facts, signer == &facts), facts.Who()));
    lines.push_back(fmt::format("  {:<10}{} until {} ({})", "valid", ToRfc3339(facts.not_before),
                                ToRfc3339(facts.not_after), Span(facts.not_before, facts.not_after)));
    lines.push_back(fmt::format("  {:<10}{}", "serial", facts.serial));
    lines.push_back(fmt::format("  {:<10}{}", "signed by", SignedBy(facts, signer)));
    if (const KeyInfo* key = KeyOf(signer, keys)) {
      lines.push_back(fmt::format("  {:<10}{} in {}", "with key", key->label, TokenText(key->device)));
      lines.push_back(fmt::format("  {:<10}{}", "", CustodyText(*key)));
    }
  }
  return lines;
}

ordered_json ChainJson(const std::vector<CertificateFacts>& chain, const std::vector<KeyInfo>& keys) {
  ordered_json list = ordered_json::array();
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const CertificateFacts* signer = SignerOf(chain, i);
    list.push_back(OneJson(chain[i], signer, KeyOf(signer, keys)));
  }
  return list;
}

}  // namespace rootkeep::cli
