#include "signer/der/reader.h"

namespace rootkeep::der {
namespace {

// Identifier and length octets together, and the content's length.
struct Header {
  std::size_t size = 0;
  std::size_t content_size = 0;
};

std::optional<Header> ReadHeader(ByteView input) {
  if (input.size() < 2 || (input[0] & 0x1f) == 0x1f) return std::nullopt;
  const std::uint8_t first = input[1];
  if (first < 0x80) return Header{2, first};
  const std::size_t count = first & 0x7f;
  if (count == 0 || count > 3 || input.size() < 2 + count) return std::nullopt;
  std::size_t length = 0;
  for (const std::uint8_t octet : input.subspan(2, count)) length = length << 8 | octet;
  const std::size_t fewest = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
  if (count != fewest) return std::nullopt;
  return Header{2 + count, length};
}

bool IsInteger(ByteView content) {
  if (content.empty()) return false;
  if (content.size() == 1) return true;
  const bool padded_positive = content[0] == 0x00 && content[1] < 0x80;
  const bool padded_negative = content[0] == 0xff && content[1] >= 0x80;
  return !padded_positive && !padded_negative;
}

// X.690 §11.2: unused bits are zero.
bool IsBitString(ByteView content) {
  if (content.empty() || content[0] > 7) return false;
  if (content.size() == 1) return content[0] == 0;
  return (content.back() & ((1U << content[0]) - 1)) == 0;
}

bool IsPrimitiveContent(std::uint8_t tag, ByteView content) {
  constexpr std::uint8_t kEndOfContents = 0x00;
  constexpr std::uint8_t kEnumerated = 0x0a;
  constexpr std::uint8_t kUniversalString = 0x1c;
  constexpr std::uint8_t kBmpString = 0x1e;
  switch (tag) {
    case kEndOfContents: return false;
    case kBoolean: return content.size() == 1 && (content[0] == 0x00 || content[0] == 0xff);
    case kInteger:
    case kEnumerated: return IsInteger(content);
    case kBitString: return IsBitString(content);
    case kNull: return content.empty();
    case kOid: return IsOid(content);
    case kUtf8String: return IsUtf8(content);
    case kUniversalString: return content.size() % 4 == 0;
    case kBmpString: return content.size() % 2 == 0;
    default: return tag != (kSequence & 0x1f) && tag != (kSet & 0x1f);
  }
}

// Octets of a character whose first octet is `first`; 0 when none starts so.
std::size_t Utf8Length(std::uint8_t first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  if (first >= 0xf0 && first < 0xf5) return 4;
  return 0;
}

// Neither overlong, nor a surrogate, nor past U+10FFFF: all are told by the second octet.
bool IsSecondUtf8Octet(std::uint8_t first, std::uint8_t second) {
  const std::uint8_t least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const std::uint8_t most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  return second >= least && second <= most;
}

}  // namespace

std::optional<Element> Reader::Take() {
  const std::optional<Header> header = ReadHeader(rest_);
  if (!header || rest_.size() - header->size < header->content_size) return std::nullopt;
  const std::size_t size = header->size + header->content_size;
  const Element element{rest_[0], rest_.subspan(header->size, header->content_size), rest_.first(size)};
  rest_ = rest_.subspan(size);
  return element;
}

std::optional<ByteView> Reader::Take(std::uint8_t tag) {
  if (!NextIs(tag)) return std::nullopt;
  const std::optional<Element> element = Take();
  if (!element) return std::nullopt;
  return element->content;
}

std::optional<ByteView> Only(ByteView input, std::uint8_t tag) {
  Reader reader(input);
  const std::optional<ByteView> content = reader.Take(tag);
  if (!reader.AtEnd()) return std::nullopt;
  return content;
}

std::optional<ByteView> UnsignedInteger(ByteView content) {
  if (!IsInteger(content) || content[0] >= 0x80) return std::nullopt;
  return content.size() > 1 && content[0] == 0 ? content.subspan(1) : content;
}

std::optional<ByteView> BitStringOctets(ByteView content) {
  if (content.empty() || content[0] != 0) return std::nullopt;
  return content.subspan(1);
}

bool IsOid(ByteView content) {
  if (content.empty() || (content.back() & 0x80) != 0) return false;
  bool starts = true;  // a subidentifier has no leading zeros
  for (const std::uint8_t octet : content) {
    if (starts && octet == 0x80) return false;
    starts = (octet & 0x80) == 0;
  }
  return true;
}

bool IsUtf8(ByteView content) {
  while (!content.empty()) {
    const std::size_t length = Utf8Length(content[0]);
    if (length == 0 || content.size() < length) return false;
    if (length > 1 && !IsSecondUtf8Octet(content[0], content[1])) return false;
    for (const std::uint8_t octet : content.subspan(1, length - 1)) {
      if ((octet & 0xc0) != 0x80) return false;
    }
    content = content.subspan(length);
  }
  return true;
}

bool IsWellFormed(const Element& element, int depth) {
  const bool universal = (element.tag & 0xc0) == 0;
  if ((element.tag & 0x20) == 0) return !universal || IsPrimitiveContent(element.tag, element.content);
  if (depth <= 1 || (universal && element.tag != kSequence && element.tag != kSet)) return false;
  Reader inside(element.content);
  while (!inside.AtEnd()) {
    const std::optional<Element> child = inside.Take();
    if (!child || !IsWellFormed(*child, depth - 1)) return false;
  }
  return true;
}

}  // namespace rootkeep::der
