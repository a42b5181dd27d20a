#include "tools/config/make_node_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "keystore/base/file.h"
#include "tools/config/certificate_files.h"

namespace rootkeep::config {
namespace {

using attestation::Algorithm;

constexpr std::size_t kVersionDigits = 16;

Error Within(Error error, std::string_view what) {
  return std::move(error).Within(what).WithCode(Code::kInvalidArgument).WithReason("attestation");
}

attestation::EkRevocation RevocationOf(const TpmManufacturer& manufacturer) {
  using enum attestation::EkRevocation;
  if (manufacturer.crls.empty()) return kNotChecked;
  return manufacturer.accept_stale_crls ? kCheckedWhenStale : kChecked;
}

Result<attestation::EkTrust> MakeTrust(const Attestation& config) {
  attestation::EkTrustSettings settings;
  for (const TpmManufacturer& manufacturer : config.manufacturers) {
    auto roots = ReadCertificates(manufacturer.roots);
    if (!roots.ok()) return Within(std::move(roots).error(), "manufacturer " + manufacturer.name);
    for (Bytes& root : *roots) {
      settings.anchors.push_back(
          {std::move(root), manufacturer.ids, manufacturer.accept_expired, RevocationOf(manufacturer)});
    }
    if (manufacturer.crls.empty()) continue;
    auto lists = ReadRevocationLists(manufacturer.crls);
    if (!lists.ok()) return Within(std::move(lists).error(), "manufacturer " + manufacturer.name);
    std::ranges::move(*lists, std::back_inserter(settings.revocation_lists));
  }
  if (!config.intermediates.empty()) {
    auto intermediates = ReadCertificates(config.intermediates);
    if (!intermediates.ok()) return Within(std::move(intermediates).error(), "intermediates");
    settings.intermediates = *std::move(intermediates);
  }
  auto trust = attestation::EkTrust::Create(settings);
  if (!trust.ok()) return Within(std::move(trust).error(), "manufacturers");
  return trust;
}

Result<Inventory> MakeInventory(const Attestation& config) {
  std::vector<InventoryEntry> entries = config.nodes;
  if (!config.inventory_file.empty()) {
    auto text = ReadGuardedFile(config.inventory_file, Inventory::kMaxText);
    if (!text.ok()) return Within(std::move(text).error(), "inventory");
    auto listed = Inventory::ReadEntries(*text);
    if (!listed.ok()) return Within(std::move(listed).error(), config.inventory_file);
    std::ranges::move(*listed, std::back_inserter(entries));
  }
  for (const InventoryEntry& entry : entries) {
    const bool known =
        entry.group.empty() || std::ranges::find(config.groups, entry.group, &NodeGroup::name) != config.groups.end();
    if (!known) {
      return Within(InvalidArgument(fmt::format("there is no group {}, of node {}", entry.group, entry.node)),
                    "inventory");
    }
  }
  auto inventory = Inventory::Make(std::move(entries));
  if (!inventory.ok()) return Within(std::move(inventory).error(), "inventory");
  return inventory;
}

Algorithm AlgorithmOf(PcrBank bank) {
  switch (bank) {
    case PcrBank::kSha256: return Algorithm::kSha256;
    case PcrBank::kSha384: return Algorithm::kSha384;
    case PcrBank::kSha512: return Algorithm::kSha512;
  }
  return Algorithm::kNull;
}

// Everything by which the group judges, in one order.
std::string TextOf(const NodeGroup& group) {
  std::string text = fmt::format("{} {} {} {}", static_cast<int>(group.bank), group.learn, group.key_parent,
                                 fmt::join(group.pcrs, ","));
  for (const PcrGeneration& generation : group.generations) {
    text += "\ngeneration " + generation.name;
    for (const auto& [pcr, values] : generation.pcrs) {
      for (const Bytes& value : values) text += fmt::format(" {}={}", pcr, ToHex(value));
    }
    for (const auto& [pcr, rules] : generation.events) {
      for (const attestation::BootEventRule& rule : rules) {
        text += fmt::format(" {} {}", pcr, EventTypeName(rule.type));
        for (const Bytes& digest : rule.digests) text += "," + ToHex(digest);
      }
    }
    for (const Bytes& state : generation.states) text += " " + ToHex(state);
  }
  for (const auto& [manufacturer, version] : group.firmware) text += fmt::format("\n{} {}", manufacturer, version);
  for (const Bytes& policy : group.key_policies) text += "\npolicy " + ToHex(policy);
  return text;
}

Result<rootkeep::NodeGroup> MakeGroup(const NodeGroup& config) {
  rootkeep::NodeGroup group;
  attestation::PcrPolicy& pcrs = group.policy.pcrs;
  pcrs.bank = AlgorithmOf(config.bank);
  pcrs.required = config.pcrs;
  pcrs.learn = config.learn;
  for (const PcrGeneration& generation : config.generations) {
    pcrs.generations.push_back({.name = generation.name,
                                .allowed = generation.pcrs,
                                .events = generation.events,
                                .composites = generation.states});
  }
  group.want_boot_log = config.boot_log || attestation::HasEventRules(pcrs);
  for (const auto& [manufacturer, version] : config.firmware) group.policy.firmware.push_back({manufacturer, version});
  group.policy.node_key = {.auth_policies = config.key_policies, .require_parent = config.key_parent};
  if (Status sound = attestation::CheckPcrPolicy(pcrs); !sound.ok()) {
    return Within(std::move(sound).error(), "group " + config.name);
  }
  RK_TRY(const Bytes digest, attestation::TpmHash(Algorithm::kSha256, AsBytes(TextOf(config))));
  group.version = ToHex(digest).substr(0, kVersionDigits);
  return group;
}

}  // namespace

Result<std::shared_ptr<const NodeRules>> MakeNodeRules(const Config& whole) {
  const Attestation& config = *whole.attestation;
  RK_TRY(attestation::EkTrust trust, MakeTrust(config));
  RK_TRY(Inventory inventory, MakeInventory(config));
  auto rules = std::make_shared<NodeRules>(NodeRules{.manufacturers = std::move(trust),
                                                     .inventory = std::move(inventory),
                                                     .first_enrolment = config.first_enrolment,
                                                     .default_group = config.groups.front().name,
                                                     .lifetime = config.lifetime,
                                                     .answer_within = config.answer_within,
                                                     .uri = config.node_uri,
                                                     .authority = config.authority});
  for (const NodeGroup& entry : config.groups) {
    RK_TRY(rules->groups[entry.name], MakeGroup(entry));
  }
  const auto authority = std::ranges::find(whole.authorities, config.authority, &Authority::name);
  rules->trust_domain = authority->trust_domain;
  return rules;
}

}  // namespace rootkeep::config
