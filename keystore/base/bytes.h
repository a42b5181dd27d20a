// Byte containers and views, and the conversions between them and text.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rootkeep {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

// Views `text` as octets; no copy, so the view lives as long as what `text` refers to.
inline ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Views octets as characters; no copy, no promise of any encoding.
inline std::string_view AsText(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

inline Bytes ToBytes(ByteView view) { return {view.begin(), view.end()}; }

// Lower-case hexadecimal, two digits an octet, no separators.
std::string ToHex(ByteView bytes);

// The inverse of ToHex, either case. Nothing but an even number of digits is accepted.
std::optional<Bytes> FromHex(std::string_view text);

// RFC 4648 §4 with padding, no line breaks.
std::string ToBase64(ByteView bytes);

// RFC 4648 §4, padding required, no white space.
std::optional<Bytes> FromBase64(std::string_view text);

// RFC 4648 §5 without padding, as JOSE uses it (RFC 7515 §2). Strict: unused trailing bits must be zero.
std::string ToBase64Url(ByteView bytes);
std::optional<Bytes> FromBase64Url(std::string_view text);

}  // namespace rootkeep
