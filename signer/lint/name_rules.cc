#include "signer/lint/name_rules.h"

#include <algorithm>
#include <array>

#include "signer/lint/fields.h"

namespace rootkeep::lint {
namespace {

using std::ranges::equal;
using Kind = GeneralName::Kind;

constexpr std::string_view kSpiffe = "spiffe://";
constexpr std::size_t kMaxUri = 2048;          // SPIFFE-ID §2.3
constexpr std::size_t kMaxDnsName = 253;       // RFC 1035 §2.3.4 without the root
constexpr std::ptrdiff_t kMaxCommonName = 64;  // RFC 5280 appendix A.1

// The text of a Name that is one common name in UTF-8; nothing for any other.
std::optional<ByteView> OnlyCommonName(ByteView name) {
  constexpr std::array<std::uint8_t, 3> kCommonName{0x55, 0x04, 0x03};
  const std::optional<ByteView> sets = der::Only(name, der::kSequence);
  const std::optional<ByteView> set = sets ? der::Only(*sets, der::kSet) : std::nullopt;
  const std::optional<ByteView> attribute = set ? der::Only(*set, der::kSequence) : std::nullopt;
  if (!attribute) return std::nullopt;
  der::Reader reader(*attribute);
  const std::optional<ByteView> type = reader.Take(der::kOid);
  const std::optional<ByteView> text = reader.Take(der::kUtf8String);
  if (!type || !equal(*type, kCommonName) || !text || !reader.AtEnd() || !der::IsUtf8(*text)) return std::nullopt;
  return text;
}

std::ptrdiff_t Characters(ByteView utf8) {
  return std::ranges::count_if(utf8, [](std::uint8_t octet) { return (octet & 0xc0) != 0x80; });
}

std::optional<Kind> KindOf(std::uint8_t tag) {
  switch (tag) {
    case 0x82: return Kind::kDns;
    case 0x86: return Kind::kUri;
    case 0x87: return Kind::kIp;
    default: return std::nullopt;
  }
}

bool IsVisibleAscii(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

bool IsProper(const GeneralName& name) {
  switch (name.kind) {
    case Kind::kIp: return name.value.size() == 4 || name.value.size() == 16;
    case Kind::kDns: return name.value.size() <= kMaxDnsName && IsVisibleAscii(name.value);
    case Kind::kUri: return name.value.size() <= kMaxUri && IsVisibleAscii(name.value);
  }
  return false;
}

// X509-SVID §2 and §4: a leaf's SPIFFE ID has a path, a CA's has none.
bool HasFittingPath(const GeneralName& name, bool ca) {
  if (name.kind != Kind::kUri || !name.value.starts_with(kSpiffe)) return true;
  const std::size_t slash = name.value.find('/', kSpiffe.size());
  const bool path = slash != std::string::npos && slash + 1 < name.value.size();
  return slash != kSpiffe.size() && path != ca;
}

Status CheckName(const GeneralName& name, bool ca) {
  if (!IsProper(name)) return Broken("lint_names", "an alternative name is not well formed: " + name.ToText());
  if (!HasFittingPath(name, ca)) return Broken("lint_names", "a SPIFFE ID does not fit the profile: " + name.ToText());
  return Ok();
}

// A node is known by its URI, and its other names are one host's each.
Status CheckNodeNames(const std::vector<GeneralName>& names) {
  if (names.front().kind != Kind::kUri) return Broken("lint_names", "a node's first name is not a URI");
  for (const GeneralName& name : names) {
    const bool wildcard = name.kind == Kind::kDns && name.value.find('*') != std::string::npos;
    if (wildcard) return Broken("lint_names", "a node's name has a wildcard: " + name.ToText());
  }
  return Ok();
}

// Its subject has come from outside.
bool IsName(ByteView name) {
  der::Reader sets(der::Only(name, der::kSequence).value_or(ByteView()));
  while (!sets.AtEnd()) {
    der::Reader attributes(sets.Take(der::kSet).value_or(ByteView()));
    if (attributes.AtEnd()) return false;
    while (!attributes.AtEnd()) {
      der::Reader attribute(attributes.Take(der::kSequence).value_or(ByteView()));
      const std::optional<ByteView> type = attribute.Take(der::kOid);
      const std::optional<der::Element> value = attribute.Take();
      if (!type || !der::IsOid(*type) || !value || !attribute.AtEnd()) return false;
      if (!der::IsWellFormed(*value, 1)) return false;
    }
  }
  return true;
}

Result<std::vector<GeneralName>> ReadNames(ByteView value) {
  const std::optional<ByteView> list = der::Only(value, der::kSequence);
  if (!list) return Broken("lint_names", "the alternative names are not a sequence");
  std::vector<GeneralName> names;
  der::Reader reader(*list);
  while (!reader.AtEnd()) {
    const std::optional<der::Element> element = reader.Take();
    const std::optional<Kind> kind = element ? KindOf(element->tag) : std::nullopt;
    if (!kind) return Broken("lint_names", "an alternative name is not a URI, a DNS name or an address");
    names.push_back({*kind, std::string(AsText(element->content))});
  }
  return names;
}

}  // namespace

Status CheckSubject(ByteView subject, const Decision& decision) {
  constexpr std::array<std::uint8_t, 2> kEmptyName{0x30, 0x00};
  if (decision.profile.ca) {
    if (equal(subject, kEmptyName)) return Broken("lint_subject", "a CA without a subject");
    if (!equal(subject, decision.subject_name)) return Broken("lint_subject", "the subject is not the decided one");
    const bool foreign = decision.profile.kind == ProfileKind::kForeignCa;
    if (foreign && !IsName(subject)) return Broken("lint_subject", "the subject is not a name");
    return Ok();
  }
  if (!decision.subject_name.empty()) return Broken("lint_subject", "a leaf with a whole subject of its own");
  if (decision.common_name.empty()) {
    if (!equal(subject, kEmptyName)) return Broken("lint_subject", "the subject is not empty");
    return Ok();
  }
  const std::optional<ByteView> text = OnlyCommonName(subject);
  if (!text || AsText(*text) != decision.common_name) {
    return Broken("lint_subject", "the subject is not the decided common name");
  }
  if (Characters(*text) > kMaxCommonName) return Broken("lint_subject", "the common name is longer than 64 characters");
  return Ok();
}

Status CheckAltNames(const std::optional<ExtensionView>& extension, const Decision& decision) {
  const bool ca = decision.profile.ca;
  if (!extension) {
    const bool foreign = decision.profile.kind == ProfileKind::kForeignCa;
    if (ca && !foreign && decision.sans.empty()) return Ok();
    return Broken("lint_names", "no alternative names");
  }
  // RFC 5280 §4.2.1.6: critical when the subject is empty; on leaves always, as istiod does.
  if (extension->critical == ca) return Broken("lint_extension", "the alternative names have the wrong criticality");
  RK_TRY(const std::vector<GeneralName> names, ReadNames(extension->value));
  if (names.empty() || names != decision.sans) {
    return Broken("lint_names", "the alternative names are not the decided ones");
  }
  for (const GeneralName& name : names) RK_RETURN_IF_ERROR(CheckName(name, ca));
  if (std::ranges::count(names, Kind::kUri, &GeneralName::kind) > 1) return Broken("lint_names", "more than one URI");
  if (decision.profile.kind == ProfileKind::kNode) return CheckNodeNames(names);
  const bool foreign = decision.profile.kind == ProfileKind::kForeignCa;
  if (foreign && (names.size() != 1 || !names.front().value.starts_with(kSpiffe))) {
    return Broken("lint_names", "a foreign CA's names are not one SPIFFE ID alone");
  }
  return Ok();
}

}  // namespace rootkeep::lint
