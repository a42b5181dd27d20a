// A strict reader of DER (X.690 §10): what it accepts, every reader of DER accepts and reads alike.
#pragma once

#include <cstdint>
#include <optional>

#include "keystore/base/bytes.h"

namespace rootkeep::der {

// Identifier octets (X.690 §8.1.2) of what certificates and requests are made of.
enum Tag : std::uint8_t {
  kBoolean = 0x01,
  kInteger = 0x02,
  kBitString = 0x03,
  kOctetString = 0x04,
  kNull = 0x05,
  kOid = 0x06,
  kUtf8String = 0x0c,
  kPrintableString = 0x13,
  kIa5String = 0x16,
  kUtcTime = 0x17,
  kGeneralizedTime = 0x18,
  kSequence = 0x30,
  kSet = 0x31,
};

// Context-specific tags (X.690 §8.1.2.2), primitive and constructed; `number` below 31.
constexpr std::uint8_t Context(std::uint8_t number) { return static_cast<std::uint8_t>(0x80 | number); }
constexpr std::uint8_t ContextConstructed(std::uint8_t number) { return static_cast<std::uint8_t>(0xa0 | number); }

struct Element {
  std::uint8_t tag = 0;
  ByteView content;
  ByteView whole;  // with identifier and length octets
};

// Walks the elements of one constructed value, or of a whole message. Views point into the input, which outlives them.
// One identifier octet (tag numbers below 31), definite lengths in the fewest octets, nothing outside the input.
class Reader {
 public:
  explicit Reader(ByteView input) : rest_(input) {}

  [[nodiscard]] bool AtEnd() const { return rest_.empty(); }
  [[nodiscard]] bool NextIs(std::uint8_t tag) const { return !rest_.empty() && rest_.front() == tag; }

  // The next element, or nothing when there is none or it is malformed; then the reader stays where it is.
  std::optional<Element> Take();
  // The content of the next element if its identifier is `tag`.
  std::optional<ByteView> Take(std::uint8_t tag);

 private:
  ByteView rest_;
};

// The content of `input`, when that is exactly one element with identifier `tag`.
std::optional<ByteView> Only(ByteView input, std::uint8_t tag);

// Contents of an INTEGER as a magnitude without a leading zero octet; nothing when negative, empty or padded. Zero is
// one zero octet.
std::optional<ByteView> UnsignedInteger(ByteView content);

// Whole octets in the contents of a BIT STRING; nothing unless its unused bits are none.
std::optional<ByteView> BitStringOctets(ByteView content);

// Contents of an OBJECT IDENTIFIER are well formed (X.690 §8.19).
bool IsOid(ByteView content);

// Contents of a UTF8String are Unicode (RFC 3629).
bool IsUtf8(ByteView content);

// `element` and everything in it is DER, at most `depth` levels deep, with universal types' contents checked.
bool IsWellFormed(const Element& element, int depth);

}  // namespace rootkeep::der
