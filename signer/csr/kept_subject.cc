#include "signer/csr/kept_subject.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "signer/csr/errors.h"
#include "signer/der/reader.h"
#include "signer/der/writer.h"

namespace rootkeep::csr {
namespace {

constexpr std::size_t kMaxAttributes = 16;

enum class Text : std::uint8_t { kDirectory, kPrintable, kIa5 };

// Attribute types X.520 id-at (2.5.4.x) by their last arc.
struct Rule {
  std::uint8_t arc;
  std::size_t most;  // characters
  Text text = Text::kDirectory;
};

constexpr std::array<Rule, 15> kRules{{
    {3, 64},                     // commonName
    {4, 64},                     // surname
    {5, 64, Text::kPrintable},   // serialNumber
    {6, 2, Text::kPrintable},    // countryName
    {7, 128},                    // localityName
    {8, 128},                    // stateOrProvinceName
    {9, 128},                    // streetAddress
    {10, 64},                    // organizationName
    {11, 64},                    // organizationalUnitName
    {12, 64},                    // title
    {42, 64},                    // givenName
    {43, 64},                    // initials
    {44, 64},                    // generationQualifier
    {46, 64, Text::kPrintable},  // dnQualifier
    {65, 128},                   // pseudonym
}};
// 0.9.2342.19200300.100.1.25, a label of a DNS name (RFC 4519 §2.4).
constexpr std::array<std::uint8_t, 10> kDomainComponent{0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19};
constexpr Rule kDomainComponentRule{0, 63, Text::kIa5};

Error Refused(std::string message) { return InvalidArgument(std::move(message)).WithReason("csr_subject"); }

const Rule* RuleOf(ByteView type) {
  if (std::ranges::equal(type, kDomainComponent)) return &kDomainComponentRule;
  if (type.size() != 3 || type[0] != 0x55 || type[1] != 0x04) return nullptr;
  const auto* const found = std::ranges::find(kRules, type[2], &Rule::arc);
  return found == kRules.end() ? nullptr : found;
}

bool IsPrintable(std::uint8_t octet) {
  constexpr std::string_view kOthers = " '()+,-./:=?";
  const bool letter = (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z');
  return letter || (octet >= '0' && octet <= '9') || kOthers.find(static_cast<char>(octet)) != std::string_view::npos;
}

// ISO 646, Unicode's C0 and C1.
bool HasControls(ByteView utf8) {
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    if (utf8[i] < 0x20 || utf8[i] == 0x7f) return true;
    if (utf8[i] == 0xc2 && i + 1 < utf8.size() && utf8[i + 1] < 0xa0) return true;
  }
  return false;
}

std::size_t Characters(ByteView utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](std::uint8_t octet) { return (octet & 0xc0) != 0x80; }));
}

bool Fits(const der::Element& value, Text text) {
  const bool printable = value.tag == der::kPrintableString && std::ranges::all_of(value.content, IsPrintable);
  switch (text) {
    case Text::kPrintable: return printable;
    case Text::kIa5:
      return value.tag == der::kIa5String &&
             std::ranges::all_of(value.content, [](std::uint8_t octet) { return octet > 0x20 && octet < 0x7f; });
    case Text::kDirectory:
      return printable || (value.tag == der::kUtf8String && der::IsUtf8(value.content) && !HasControls(value.content));
  }
  return false;
}

// One AttributeTypeAndValue, written anew.
Result<Bytes> KeptAttribute(ByteView attribute) {
  der::Reader reader(attribute);
  const std::optional<ByteView> type = reader.Take(der::kOid);
  const std::optional<der::Element> value = reader.Take();
  if (!type || !value || !reader.AtEnd()) return Refused("a subject attribute is not a type and a value");
  const Rule* rule = RuleOf(*type);
  if (rule == nullptr) return Refused("a subject attribute is of a type that no CA's subject has here");
  if (!Fits(*value, rule->text)) return Refused("the text of a subject attribute is not what its type asks for");
  const std::size_t size = Characters(value->content);
  if (size == 0 || size > rule->most) {
    return Refused(fmt::format("a subject attribute has {} characters, 1 to {} are possible", size, rule->most));
  }
  der::Writer writer;
  writer.Sequence([&] {
    writer.Oid(*type);
    writer.Primitive(value->tag, value->content);
  });
  return std::move(writer).Finish();
}

// The attributes of one RDN in DER's order (X.690 §11.6).
Result<std::vector<Bytes>> KeptRdn(ByteView set) {
  std::vector<Bytes> attributes;
  der::Reader reader(set);
  while (!reader.AtEnd()) {
    const std::optional<ByteView> attribute = reader.Take(der::kSequence);
    if (!attribute || attributes.size() == kMaxAttributes) return Refused("the subject is malformed or too long");
    RK_TRY(Bytes kept, KeptAttribute(*attribute));
    attributes.push_back(std::move(kept));
  }
  if (attributes.empty()) return Refused("the subject has an empty part");
  std::ranges::sort(attributes);
  if (std::ranges::adjacent_find(attributes) != attributes.end()) return Refused("the subject says something twice");
  return attributes;
}

}  // namespace

Result<Bytes> KeptSubject(ByteView name) {
  const std::optional<ByteView> sets = der::Only(name, der::kSequence);
  if (!sets) return Refused("the subject is not a sequence");
  std::vector<std::vector<Bytes>> rdns;
  std::size_t count = 0;
  der::Reader reader(*sets);
  while (!reader.AtEnd()) {
    const std::optional<ByteView> set = reader.Take(der::kSet);
    if (!set) return Refused("the subject is not a sequence of sets");
    RK_TRY(auto attributes, KeptRdn(*set));
    count += attributes.size();
    if (count > kMaxAttributes) return Refused(fmt::format("the subject has more than {} attributes", kMaxAttributes));
    rdns.push_back(std::move(attributes));
  }
  if (rdns.empty()) return Refused("a CA's subject is empty");
  der::Writer writer;
  writer.Sequence([&] {
    for (const auto& attributes : rdns) {
      writer.Nested(der::kSet, [&] {
        for (const Bytes& attribute : attributes) writer.Raw(attribute);
      });
    }
  });
  return std::move(writer).Finish();
}

}  // namespace rootkeep::csr
