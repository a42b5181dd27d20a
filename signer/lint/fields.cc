#include "signer/lint/fields.h"

namespace rootkeep::lint {
namespace {

std::optional<ByteView> TakeWhole(der::Reader& reader, std::uint8_t tag) {
  if (!reader.NextIs(tag)) return std::nullopt;
  const std::optional<der::Element> element = reader.Take();
  if (!element) return std::nullopt;
  return element->whole;
}

// The one element inside an explicit tag.
std::optional<ByteView> TakeInside(der::Reader& reader, std::uint8_t number, std::uint8_t tag) {
  const std::optional<ByteView> content = reader.Take(der::ContextConstructed(number));
  if (!content) return std::nullopt;
  return der::Only(*content, tag);
}

}  // namespace

std::optional<Fields> TakeApart(ByteView tbs) {
  const std::optional<ByteView> body = der::Only(tbs, der::kSequence);
  if (!body) return std::nullopt;
  der::Reader reader(*body);
  const std::optional<ByteView> version = TakeInside(reader, 0, der::kInteger);
  const std::optional<ByteView> serial = reader.Take(der::kInteger);
  const std::optional<ByteView> algorithm = TakeWhole(reader, der::kSequence);
  const std::optional<ByteView> issuer = TakeWhole(reader, der::kSequence);
  const std::optional<ByteView> validity = reader.Take(der::kSequence);
  const std::optional<ByteView> subject = TakeWhole(reader, der::kSequence);
  const std::optional<ByteView> spki = TakeWhole(reader, der::kSequence);
  const std::optional<ByteView> extensions = TakeInside(reader, 3, der::kSequence);
  if (!version || !serial || !algorithm || !issuer || !validity || !subject || !spki || !extensions ||
      !reader.AtEnd()) {
    return std::nullopt;
  }
  der::Reader times(*validity);
  const std::optional<der::Element> not_before = times.Take();
  const std::optional<der::Element> not_after = times.Take();
  if (!not_before || !not_after || !times.AtEnd()) return std::nullopt;
  return Fields{*version, *serial, *algorithm, *issuer, *not_before, *not_after, *subject, *spki, *extensions};
}

}  // namespace rootkeep::lint
