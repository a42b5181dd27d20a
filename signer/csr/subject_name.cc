#include "signer/csr/subject_name.h"

#include <algorithm>
#include <optional>

#include "signer/csr/errors.h"
#include "signer/der/oid.h"
#include "signer/der/reader.h"

namespace rootkeep::csr {
namespace {

constexpr std::size_t kMaxAttributes = 32;

bool IsText(const der::Element& value) {
  if (value.tag == der::kUtf8String) return der::IsUtf8(value.content);
  if (value.tag != der::kPrintableString && value.tag != der::kIa5String) return false;
  return std::ranges::all_of(value.content, [](std::uint8_t c) { return c < 0x80; });
}

struct Attribute {
  ByteView type;
  ByteView value;
};

std::optional<Attribute> TakeAttribute(der::Reader& set) {
  const std::optional<ByteView> body = set.Take(der::kSequence);
  if (!body) return std::nullopt;
  der::Reader reader(*body);
  const std::optional<ByteView> type = reader.Take(der::kOid);
  const std::optional<der::Element> value = reader.Take();
  if (!type || !der::IsOid(*type) || !value || !reader.AtEnd() || !IsText(*value)) return std::nullopt;
  return Attribute{*type, value->content};
}

}  // namespace

Result<std::string> ParseSubject(ByteView name) {
  std::string common_name;
  std::size_t count = 0;
  der::Reader sets(name);
  while (!sets.AtEnd()) {
    const std::optional<ByteView> set = sets.Take(der::kSet);
    if (!set || set->empty()) return NotParsed("the subject is not a sequence of sets");
    der::Reader attributes(*set);
    while (!attributes.AtEnd()) {
      const std::optional<Attribute> attribute = TakeAttribute(attributes);
      if (!attribute) return NotParsed("a subject attribute is not an identifier and text");
      if (++count > kMaxAttributes) return NotParsed("the subject has too many attributes");
      if (std::ranges::equal(attribute->type, der::oid::kCommonName)) common_name = AsText(attribute->value);
    }
  }
  return common_name;
}

}  // namespace rootkeep::csr
