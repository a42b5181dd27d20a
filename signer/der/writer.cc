#include "signer/der/writer.h"

#include <algorithm>
#include <array>

namespace rootkeep::der {
namespace {

// Length octets (X.690 §10.1), the first `size` of `octets`.
struct Length {
  std::array<std::uint8_t, 4> octets{};
  std::size_t size = 0;
};

Length EncodeLength(std::size_t length) {
  const auto octet = [length](int shift) { return static_cast<std::uint8_t>(length >> shift); };
  if (length < 0x80) return {{octet(0)}, 1};
  if (length < 0x100) return {{0x81, octet(0)}, 2};
  if (length < 0x10000) return {{0x82, octet(8), octet(0)}, 3};
  return {{0x83, octet(16), octet(8), octet(0)}, 4};
}

}  // namespace

// Leaves one octet for the length; Close makes room for more where that is not enough.
std::size_t Writer::Open(std::uint8_t tag) {
  out_.push_back(tag);
  out_.push_back(0);
  return out_.size();
}

void Writer::Close(std::size_t start) {
  const Length length = EncodeLength(out_.size() - start);
  out_[start - 1] = length.octets[0];
  out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(start), length.octets.begin() + 1,
              length.octets.begin() + static_cast<std::ptrdiff_t>(length.size));
}

void Writer::Header(std::uint8_t tag, std::size_t size) {
  const Length length = EncodeLength(size);
  out_.push_back(tag);
  Raw(ByteView(length.octets).first(length.size));
}

void Writer::Primitive(std::uint8_t tag, ByteView content) {
  Header(tag, content.size());
  Raw(content);
}

void Writer::True() {
  constexpr std::array<std::uint8_t, 1> kTrue{0xff};
  Primitive(kBoolean, kTrue);
}

void Writer::Integer(std::uint32_t value) {
  const std::array<std::uint8_t, 4> octets{static_cast<std::uint8_t>(value >> 24),
                                           static_cast<std::uint8_t>(value >> 16),
                                           static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
  Primitive(kInteger, UnsignedContents(octets));
}

void Writer::BitString(ByteView octets) {
  Header(kBitString, octets.size() + 1);
  out_.push_back(0);
  Raw(octets);
}

Bytes UnsignedContents(ByteView octets) {
  const auto first = std::ranges::find_if(octets, [](std::uint8_t octet) { return octet != 0; });
  Bytes contents;
  if (first == octets.end() || *first >= 0x80) contents.push_back(0);
  contents.insert(contents.end(), first, octets.end());
  return contents;
}

}  // namespace rootkeep::der
