#include "signer/csr/small_order.h"

#include <algorithm>
#include <array>

namespace rootkeep::csr {
namespace {

using Coordinate = std::array<std::uint8_t, 32>;

// y of the two points of order 8, little-endian. The others' are 0, 1 and p - 1, and written past p, p and p + 1.
constexpr Coordinate kOrderEight{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
                                 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
                                 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05};
constexpr Coordinate kOrderEightNegated{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
                                        0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
                                        0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a};

// p is 2^255 - 19, so everything between the first and the last octet is ones.
bool IsAroundP(const Coordinate& y) {
  const bool ones = std::all_of(y.begin() + 1, y.end() - 1, [](std::uint8_t octet) { return octet == 0xff; });
  return ones && y.back() == 0x7f && y.front() >= 0xec && y.front() <= 0xee;
}

bool IsZeroOrOne(const Coordinate& y) {
  return y.front() <= 1 && std::all_of(y.begin() + 1, y.end(), [](std::uint8_t octet) { return octet == 0; });
}

}  // namespace

bool IsSmallOrder(ByteView point) {
  Coordinate y{};
  if (point.size() != y.size()) return false;
  std::ranges::copy(point, y.begin());
  y.back() &= 0x7f;  // the sign of x
  return IsZeroOrOne(y) || IsAroundP(y) || y == kOrderEight || y == kOrderEightNegated;
}

}  // namespace rootkeep::csr
