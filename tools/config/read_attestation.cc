#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "keystore/base/bytes.h"
#include "tools/config/readers.h"
#include "tools/config/values.h"

namespace rootkeep::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t kPcrs = 24;  // of a PC client's TPM
constexpr std::size_t kSha256Size = 32;

std::size_t DigestSize(PcrBank bank) {
  switch (bank) {
    case PcrBank::kSha256: return kSha256Size;
    case PcrBank::kSha384: return 48;
    case PcrBank::kSha512: return 64;
  }
  return 0;
}

PcrBank BankOf(v1::PcrBank bank) {
  switch (bank) {
    case v1::PCR_BANK_SHA384: return PcrBank::kSha384;
    case v1::PCR_BANK_SHA512: return PcrBank::kSha512;
    default: return PcrBank::kSha256;
  }
}

FirstEnrolment FirstEnrolmentOf(v1::FirstEnrolment first) {
  switch (first) {
    case v1::FIRST_ENROLMENT_HOLD: return FirstEnrolment::kHold;
    case v1::FIRST_ENROLMENT_ALLOW_BY_CHAIN: return FirstEnrolment::kAllowByChain;
    default: return FirstEnrolment::kDeny;
  }
}

using Texts = google::protobuf::RepeatedPtrField<std::string>;

// Those that are `size` octets in hexadecimal; 0 for any size.
std::vector<Bytes> Digests(const Section& section, std::string_view field, const Texts& texts, std::size_t size) {
  std::vector<Bytes> digests;
  for (const std::string& text : texts) {
    std::optional<Bytes> octets = FromHex(text);
    if (!octets || octets->empty() || (size != 0 && octets->size() != size)) {
      section.Complain(field, size == 0 ? fmt::format("\"{}\" is not hexadecimal", text)
                                        : fmt::format("\"{}\" is not {} hexadecimal digits", text, 2 * size));
      continue;
    }
    digests.push_back(*std::move(octets));
  }
  return digests;
}

// TCG vendor identifier as EK certificates spell it.
bool IsManufacturerId(std::string_view text) {
  constexpr std::string_view kStart = "id:";
  constexpr std::size_t kDigits = 8;
  return text.starts_with(kStart) && text.size() == kStart.size() + kDigits &&
         std::ranges::all_of(text.substr(kStart.size()),
                             [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); });
}

void CheckManufacturerId(const Section& section, std::string_view field, const std::string& id) {
  if (IsManufacturerId(id)) return;
  section.Complain(field, fmt::format("\"{}\" is not \"id:\" and eight hexadecimal digits in capitals", id));
}

TpmManufacturer ReadManufacturer(const v1::TpmManufacturer& file, const Section& section) {
  for (const std::string& id : file.ids()) CheckManufacturerId(section, "ids", id);
  if (file.crls().empty() && file.accept_stale_crls())
    section.Complain("accept_stale_crls", "is of no use without crls");
  if (file.ids().empty()) section.Complain("ids", R"(is required, for example ["id:49465800"])");
  return {.name = Name(section, "name", file.name()),
          .roots = RequiredPath(section, "roots", file.roots()),
          .ids = {file.ids().begin(), file.ids().end()},
          .accept_expired = file.accept_expired(),
          .crls = file.crls().empty() ? "" : RequiredPath(section, "crls", file.crls()),
          .accept_stale_crls = file.accept_stale_crls()};
}

std::vector<std::uint8_t> ReadPcrs(const v1::NodeGroup& file, const Section& section) {
  std::vector<std::uint8_t> pcrs;
  for (const std::uint32_t pcr : file.pcrs()) {
    if (pcr >= kPcrs) section.Complain("pcrs", fmt::format("there is no PCR {}", pcr));
    pcrs.push_back(static_cast<std::uint8_t>(pcr % kPcrs));
  }
  if (pcrs.empty()) section.Complain("pcrs", "is required, for example [0, 2, 4, 7]");
  std::ranges::sort(pcrs);
  if (std::ranges::adjacent_find(pcrs) != pcrs.end()) section.Complain("pcrs", "holds one twice");
  return pcrs;
}

attestation::BootEventRule ReadEvents(const v1::BootEvents& file, const Section& section, PcrBank bank) {
  const std::optional<attestation::EventType> type = attestation::EventTypeFromName(file.type());
  if (!type) {
    section.Complain("type",
                     fmt::format("\"{}\" is no type of event, such as EV_EFI_BOOT_SERVICES_APPLICATION", file.type()));
  }
  if (file.digests().empty()) section.Complain("digests", "is required: at least one");
  const std::vector<Bytes> digests = Digests(section, "digests", file.digests(), DigestSize(bank));
  return {.type = type.value_or(attestation::EventType::kNoAction), .digests = {digests.begin(), digests.end()}};
}

PcrGeneration ReadGeneration(const v1::PcrGeneration& file, const Section& section, const NodeGroup& group) {
  PcrGeneration out{.name = Name(section, "name", file.name())};
  const auto judges = [&](std::uint8_t pcr) { return out.pcrs.contains(pcr) || out.events.contains(pcr); };
  for (int i = 0; i < file.pcrs_size(); ++i) {
    const v1::PcrValues& item = file.pcrs(i);
    const Section place = section.Child("pcrs", static_cast<std::size_t>(i));
    const auto pcr = static_cast<std::uint8_t>(item.pcr() % kPcrs);
    const bool known = item.pcr() < kPcrs && std::ranges::find(group.pcrs, pcr) != group.pcrs.end();
    if (!known) place.Complain("pcr", fmt::format("{} is not one of the group's pcrs", item.pcr()));
    if (judges(pcr)) place.Complain("pcr", fmt::format("{} is there already", item.pcr()));
    if (item.values().empty() == item.events().empty()) {
      place.Complain("values", "is required, or events in its place, and not both");
    }
    if (item.events().empty()) {
      out.pcrs[pcr] = Digests(place, "values", item.values(), DigestSize(group.bank));
    } else {
      out.events[pcr] = ReadList(place, "events", item.events(), [&](const v1::BootEvents& events, const Section& at) {
        return ReadEvents(events, at, group.bank);
      });
    }
  }
  out.states = Digests(section, "states", file.states(), kSha256Size);
  const bool whole = std::ranges::all_of(group.pcrs, judges);
  if (!whole && out.states.empty()) section.Complain("pcrs", "has no value for one of the group's pcrs");
  return out;
}

std::map<std::string, std::uint64_t> ReadFirmware(const v1::NodeGroup& file, const Section& section) {
  std::map<std::string, std::uint64_t> firmware;
  for (int i = 0; i < file.firmware_size(); ++i) {
    const v1::TpmFirmware& item = file.firmware(i);
    const Section place = section.Child("firmware", static_cast<std::size_t>(i));
    CheckManufacturerId(place, "manufacturer", item.manufacturer());
    const std::optional<Bytes> octets = FromHex(item.version());
    std::uint64_t version = 0;
    if (!octets || octets->size() != sizeof version) place.Complain("version", "is not 16 hexadecimal digits");
    for (const std::uint8_t octet : octets.value_or(Bytes())) version = version << 8U | octet;
    if (!firmware.emplace(item.manufacturer(), version).second) {
      place.Complain("manufacturer", fmt::format("\"{}\" is there already", item.manufacturer()));
    }
  }
  return firmware;
}

NodeGroup ReadGroup(const v1::NodeGroup& file, const Section& section) {
  NodeGroup out{.name = Name(section, "name", file.name()),
                .bank = BankOf(file.bank()),
                .pcrs = ReadPcrs(file, section),
                .learn = file.learn(),
                .boot_log = file.boot_log(),
                .firmware = ReadFirmware(file, section),
                .key_parent = file.key_parent(),
                .key_policies = Digests(section, "key_policies", file.key_policies(), 0)};
  out.generations =
      ReadList(section, "generations", file.generations(),
               [&](const v1::PcrGeneration& item, const Section& place) { return ReadGeneration(item, place, out); });
  CheckUnique(section, "generations", "name", NamesOf(out.generations));
  return out;
}

InventoryEntry ReadNode(const v1::InventoryNode& file, const Section& section, const Attestation& attestation) {
  InventoryEntry out{.node = file.id()};
  if (!IsNodeId(out.node)) section.Complain("id", fmt::format("\"{}\" is not the id of a node", out.node));
  if (!file.ek_sha256().empty()) {
    const std::optional<Bytes> digest = FromHex(file.ek_sha256());
    if (!digest || digest->size() != kSha256Size) section.Complain("ek_sha256", "is not 64 hexadecimal digits");
    out.ek_sha256 = ToHex(digest.value_or(Bytes()));
  }
  if (!file.group().empty()) {
    out.group = Reference(section, "group", file.group(), NamesOf(attestation.groups), "group");
  }
  return out;
}

std::uint32_t Limit(const Section& section, std::string_view field, bool given, std::uint32_t value,
                    std::uint32_t otherwise) {
  constexpr std::uint32_t kMost = 1'000'000;
  if (!given) return otherwise;
  if (value < 1 || value > kMost) section.Complain(field, fmt::format("{} is not between 1 and {}", value, kMost));
  return value;
}

AttestationLimits ReadAttestationLimits(const v1::AttestationLimits& file, const Section& section) {
  AttestationLimits out;
  out.per_address = Limit(section, "per_address", file.has_per_address(), file.per_address(), out.per_address);
  out.per_address_burst = Limit(section, "per_address_burst", file.has_per_address_burst(), file.per_address_burst(),
                                out.per_address_burst);
  out.per_tpm = Limit(section, "per_tpm", file.has_per_tpm(), file.per_tpm(), out.per_tpm);
  out.open = Limit(section, "open", file.has_open(), file.open(), out.open);
  return out;
}

NodeUriTemplate ReadNodeUri(const v1::Attestation& file, const Section& section) {
  if (file.node_uri().empty()) return {};
  Result<NodeUriTemplate> uri = NodeUriTemplate::Parse(file.node_uri());
  if (uri.ok()) return *std::move(uri);
  section.Complain("node_uri", uri.error().ToString());
  return {};
}

NodeNames ReadServerNames(const v1::Attestation& file, const Section& section) {
  if (!section.Given("server_names")) return {};
  Result<NodeNames> names = NodeNames::Parse({file.server_names().begin(), file.server_names().end()});
  if (names.ok()) return *std::move(names);
  section.Complain("server_names", names.error().ToString());
  return {};
}

std::string AuthorityOf(const v1::Attestation& file, const Section& section, const Config& config) {
  if (file.authority().empty() && !config.authorities.empty()) return config.authorities.front().name;
  return Reference(section, "authority", file.authority(), NamesOf(config.authorities), "authority");
}

}  // namespace

void ReadAttestation(const v1::Config& whole, const Section& section, Config& config) {
  if (!section.Given("attestation")) return;
  const v1::Attestation& file = whole.attestation();
  const Section place = section.Child("attestation");
  Attestation& out = config.attestation.emplace();
  out.groups = ReadList(place, "groups", file.groups(), ReadGroup);
  CheckUnique(place, "groups", "name", NamesOf(out.groups));
  if (out.groups.empty()) place.Complain("groups", "is required: at least one");
  out.manufacturers = ReadList(place, "manufacturers", file.manufacturers(), ReadManufacturer);
  CheckUnique(place, "manufacturers", "name", NamesOf(out.manufacturers));
  out.intermediates = OptionalPath(place, "intermediates", file.intermediates());
  out.first_enrolment = FirstEnrolmentOf(file.first_enrolment());
  out.inventory_file = OptionalPath(place, "inventory_file", file.inventory_file());
  out.nodes = ReadList(place, "nodes", file.nodes(),
                       [&](const v1::InventoryNode& item, const Section& at) { return ReadNode(item, at, out); });
  CheckUnique(place, "nodes", "id", Each(out.nodes, &InventoryEntry::node));
  CheckUnique(place, "nodes", "ek_sha256", Each(out.nodes, &InventoryEntry::ek_sha256));
  out.lifetime = Duration(place, "lifetime", file.lifetime(), out.lifetime, {minutes(10), hours(24 * 7)});
  out.answer_within =
      Duration(place, "answer_within", file.answer_within(), out.answer_within, {seconds(10), minutes(2)});
  out.node_uri = ReadNodeUri(file, place);
  out.authority = AuthorityOf(file, place, config);
  out.limits = ReadAttestationLimits(file.limits(), place.Child("limits"));
  out.server_names = ReadServerNames(file, place);
}

}  // namespace rootkeep::config
