#include "signer/csr/extensions.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "signer/csr/errors.h"
#include "signer/der/oid.h"
#include "signer/der/reader.h"

namespace rootkeep::csr {
namespace {

constexpr std::size_t kMaxAttributes = 16;
constexpr std::size_t kMaxExtensions = 32;
constexpr std::size_t kMaxNames = 100;
constexpr int kMaxDepth = 8;

// GeneralName choices (RFC 5280 §4.2.1.6), all primitive.
constexpr std::uint8_t kEmail = der::Context(1);
constexpr std::uint8_t kDns = der::Context(2);
constexpr std::uint8_t kUri = der::Context(6);
constexpr std::uint8_t kIp = der::Context(7);

bool IsVisibleAscii(ByteView text) {
  return !text.empty() && std::ranges::all_of(text, [](std::uint8_t c) { return c > 0x20 && c < 0x7f; });
}

Status AddName(const der::Element& name, RequestedExtensions& out) {
  if (name.tag == kIp) {
    if (name.content.size() != 4 && name.content.size() != 16) {
      return NotParsed(fmt::format("an IP name has {} octets", name.content.size()));
    }
    out.sans.push_back({GeneralName::Kind::kIp, std::string(AsText(name.content))});
    return Ok();
  }
  if (name.tag != kUri && name.tag != kDns && name.tag != kEmail) {
    return NotParsed(fmt::format("an alternative name has tag {:#04x}, not URI, DNS, IP or e-mail", name.tag));
  }
  if (!IsVisibleAscii(name.content)) return NotParsed("an alternative name is empty or not visible ASCII");
  if (name.tag == kEmail) {
    out.other_names = true;
  } else {
    const auto kind = name.tag == kUri ? GeneralName::Kind::kUri : GeneralName::Kind::kDns;
    out.sans.push_back({kind, std::string(AsText(name.content))});
  }
  return Ok();
}

Status ParseNames(ByteView value, RequestedExtensions& out) {
  const std::optional<ByteView> names = der::Only(value, der::kSequence);
  if (!names) return NotParsed("the subject alternative name is not a sequence");
  der::Reader reader(*names);
  for (std::size_t count = 0; !reader.AtEnd(); ++count) {
    if (count == kMaxNames) return NotParsed(fmt::format("more than {} alternative names", kMaxNames));
    const std::optional<der::Element> name = reader.Take();
    if (!name) return NotParsed("an alternative name is not DER");
    RK_RETURN_IF_ERROR(AddName(*name, out));
  }
  return Ok();
}

struct Extension {
  ByteView id;
  ByteView value;
};

std::optional<Extension> SplitExtension(ByteView body) {
  der::Reader reader(body);
  const std::optional<ByteView> id = reader.Take(der::kOid);
  if (!id || !der::IsOid(*id)) return std::nullopt;
  if (reader.NextIs(der::kBoolean)) {
    // An explicit FALSE is not DER, but harmless, and OpenSSL and Go take it.
    const std::optional<ByteView> critical = reader.Take(der::kBoolean);
    if (!critical || critical->size() != 1 || (critical->front() != 0x00 && critical->front() != 0xff)) {
      return std::nullopt;
    }
  }
  const std::optional<ByteView> value = reader.Take(der::kOctetString);
  if (!value || !reader.AtEnd()) return std::nullopt;
  return Extension{*id, *value};
}

Status ParseExtensions(ByteView body, RequestedExtensions& out) {
  std::vector<ByteView> seen;
  der::Reader reader(body);
  while (!reader.AtEnd()) {
    if (seen.size() == kMaxExtensions) return NotParsed(fmt::format("more than {} extensions", kMaxExtensions));
    const std::optional<ByteView> whole = reader.Take(der::kSequence);
    const std::optional<Extension> extension = whole ? SplitExtension(*whole) : std::nullopt;
    if (!extension) return NotParsed("a requested extension is not DER");
    const auto same = [&](ByteView id) { return std::ranges::equal(id, extension->id); };
    if (std::ranges::any_of(seen, same)) return NotParsed("an extension is requested twice");
    seen.push_back(extension->id);
    if (std::ranges::equal(extension->id, der::oid::kSubjectAltName)) {
      RK_RETURN_IF_ERROR(ParseNames(extension->value, out));
    } else {
      out.other_extensions = true;
    }
  }
  return Ok();
}

// Values of an attribute that means nothing here still have to be what another parser would read the same way.
Status CheckValues(ByteView values) {
  der::Reader reader(values);
  while (!reader.AtEnd()) {
    const std::optional<der::Element> value = reader.Take();
    if (!value || !der::IsWellFormed(*value, kMaxDepth)) {
      return NotParsed("the value of a request attribute is not DER or nested too deeply");
    }
  }
  return Ok();
}

}  // namespace

Result<RequestedExtensions> ParseAttributes(ByteView attributes) {
  RequestedExtensions out;
  bool extensions_seen = false;
  der::Reader reader(attributes);
  for (std::size_t count = 0; !reader.AtEnd(); ++count) {
    if (count == kMaxAttributes) return NotParsed(fmt::format("more than {} request attributes", kMaxAttributes));
    const std::optional<ByteView> attribute = reader.Take(der::kSequence);
    if (!attribute) return NotParsed("a request attribute is not DER");
    der::Reader inside(*attribute);
    const std::optional<ByteView> id = inside.Take(der::kOid);
    const std::optional<ByteView> values = inside.Take(der::kSet);
    if (!id || !der::IsOid(*id) || !values || values->empty() || !inside.AtEnd()) {
      return NotParsed("a request attribute is not an identifier and its values");
    }
    if (!std::ranges::equal(*id, der::oid::kExtensionRequest)) {
      RK_RETURN_IF_ERROR(CheckValues(*values));
      continue;
    }
    const std::optional<ByteView> extensions = der::Only(*values, der::kSequence);
    if (!extensions || extensions_seen) return NotParsed("there is not exactly one list of requested extensions");
    extensions_seen = true;
    RK_RETURN_IF_ERROR(ParseExtensions(*extensions, out));
  }
  return out;
}

}  // namespace rootkeep::csr
