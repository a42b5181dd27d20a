#include "keystore/evidence/text.h"

#include <nlohmann/json.hpp>

namespace rootkeep::evidence {
namespace {

using nlohmann::ordered_json;

constexpr auto kReplace = ordered_json::error_handler_t::replace;

ordered_json FactJson(const std::optional<bool>& fact) { return fact ? ordered_json(*fact) : ordered_json(nullptr); }

// Whatever follows from something else is computed here and never copied, so that no document can contradict itself.
ordered_json KeyJson(const KeyInfo& key) {
  ordered_json json{{"label", key.label},
                    {"id", ToHex(key.id)},
                    {"use", nullptr},
                    {"name", nullptr},
                    {"generation", nullptr},
                    {"type", KeyTypeName(key.public_key.type())},
                    {"public_key", ToBase64(key.public_key.spki())},
                    {"public_key_sha256", key.public_key.FingerprintHex()}};
  if (const auto named = ParseKeyLabel(key.label)) {
    json["use"] = KeyUseName(named->use);
    json["name"] = named->name;
    json["generation"] = named->generation;
  }
  return json;
}

ordered_json StatementJson(const KeyInfo& key, WallTime read_at) {
  const CustodyFacts& facts = key.custody;
  return {{"type", kType},
          {"version", kVersion},
          {"read_at", ToRfc3339(read_at)},
          {"key", KeyJson(key)},
          {"token",
           {{"label", key.device.label},
            {"serial", key.device.serial},
            {"manufacturer", key.device.manufacturer},
            {"model", key.device.model},
            {"software", key.device.software}}},
          {"custody",
           {{"sensitive", FactJson(facts.sensitive)},
            {"extractable", FactJson(facts.extractable)},
            {"always_sensitive", FactJson(facts.always_sensitive)},
            {"never_extractable", FactJson(facts.never_extractable)},
            {"local", FactJson(facts.local)},
            {"modifiable", FactJson(facts.modifiable)},
            {"always_authenticate", FactJson(facts.always_authenticate)},
            {"other_usages", facts.other_usages}}},
          {"voucher", VoucherText(key.voucher)}};
}

}  // namespace

std::string StatementText(const KeyInfo& key, WallTime read_at) {
  return StatementJson(key, read_at).dump(-1, ' ', false, kReplace);
}

std::string DocumentText(const KeyEvidence& evidence) {
  const ordered_json document{
      {"statement", StatementJson(evidence.key, evidence.read_at)},
      {"signature", {{"scheme", SchemeName(evidence.scheme)}, {"value", ToBase64(evidence.signature)}}}};
  return document.dump(2, ' ', false, kReplace) + "\n";
}

Result<Bytes> SignedInput(SignatureScheme scheme, const KeyInfo& key, WallTime read_at) {
  const std::string text = std::string(kEvidencePrefix) + StatementText(key, read_at);
  return Digest(SchemeHash(scheme), AsBytes(text));
}

}  // namespace rootkeep::evidence
