#include "tools/rootkeep/key_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/rootkeep/output.h"

namespace rootkeep::cli {
namespace {

using nlohmann::ordered_json;

ordered_json FactJson(const std::optional<bool>& fact) { return fact ? ordered_json(*fact) : ordered_json(nullptr); }

std::string Line(std::string_view name, std::string_view value) { return fmt::format("{:<13}{}", name, value); }

}  // namespace

std::string TokenText(const DeviceInfo& device) {
  return fmt::format("token \"{}\" (serial {})", device.label, device.serial);
}

std::string CustodyText(const KeyInfo& key) {
  return fmt::format("{}; {}", DescribeCustody(key.custody), VoucherText(key.voucher));
}

std::vector<std::string> KeyLines(const KeyInfo& key) {
  std::vector<std::string> lines;
  lines.push_back(Line("key", key.label));
  lines.push_back(Line("uri", key.uri.Redacted()));
  lines.push_back(Line("type", KeyTypeName(key.public_key.type())));
  lines.push_back(Line("fingerprint", key.public_key.FingerprintHex()));
  lines.push_back(Line("token", fmt::format("\"{}\", serial {}, {} {}", key.device.label, key.device.serial,
                                            key.device.manufacturer, key.device.model)));
  lines.push_back(Line("custody", DescribeCustody(key.custody)));
  if (!key.custody.other_usages.empty())
    lines.push_back(Line("", "allows more than signing: " + key.custody.other_usages));
  lines.push_back(Line("vouched for", VoucherText(key.voucher)));
  return lines;
}

ordered_json KeyJson(const KeyInfo& key) {
  ordered_json json{{"label", key.label},
                    {"uri", key.uri.Redacted()},
                    {"id", ToHex(key.id)},
                    {"type", KeyTypeName(key.public_key.type())},
                    {"public_key_sha256", key.public_key.FingerprintHex()},
                    {"use", nullptr},
                    {"name", nullptr},
                    {"generation", nullptr}};
  if (key.named) {
    json["use"] = KeyUseName(key.named->use);
    json["name"] = key.named->name;
    json["generation"] = key.named->generation;
  }
  json["token"] = {{"label", key.device.label},
                   {"serial", key.device.serial},
                   {"manufacturer", key.device.manufacturer},
                   {"model", key.device.model},
                   {"software", key.device.software}};
  json["custody"] = {{"sensitive", FactJson(key.custody.sensitive)},
                     {"extractable", FactJson(key.custody.extractable)},
                     {"always_sensitive", FactJson(key.custody.always_sensitive)},
                     {"never_extractable", FactJson(key.custody.never_extractable)},
                     {"local", FactJson(key.custody.local)},
                     {"modifiable", FactJson(key.custody.modifiable)},
                     {"always_authenticate", FactJson(key.custody.always_authenticate)},
                     {"other_usages", key.custody.other_usages}};
  json["voucher"] = VoucherText(key.voucher);
  return json;
}

void PrintKey(const KeyInfo& key, bool json) {
  if (json) return PrintJson(KeyJson(key));
  for (const std::string& line : KeyLines(key)) PrintLine(line);
}

}  // namespace rootkeep::cli
