// Scalars for eight multiplications side by side: every lane does the same additions, so every digit must be one.
#pragma once

#include <array>
#include <cstdint>

#include "signer/p256/lanes/field.h"

namespace rootkeep::p256::lanes {

using Octets = std::array<std::uint8_t, 32>;  // big-endian
using Words = std::array<std::uint64_t, 4>;   // the least significant first

Words ToWords(const Octets& octets);
std::array<std::uint64_t, kLimbs> ToLimbs(const Words& words);

// Digits of `bits` bits that are odd and signed, of eight scalars: sum of digit i * 2^(bits * i). Only odd numbers have
// such, so that an even scalar k is written as -(order - k).
template <unsigned bits>
class OddDigits {
 public:
  static constexpr unsigned kCount = (256 + bits - 1) / bits;

  // `scalar` is below the order and belongs to `lane`.
  void Set(unsigned lane, const Words& scalar);

  // For all lanes: (|digit| - 1) / 2, and all ones where the digit is negative.
  [[nodiscard]] const Vector& places(unsigned i) const { return places_[i]; }
  [[nodiscard]] const Vector& negative(unsigned i) const { return negative_[i]; }

 private:
  std::array<Vector, kCount> places_{};
  std::array<Vector, kCount> negative_{};
};

// order - scalar.
Words Opposite(const Words& scalar);

template <unsigned bits>
void OddDigits<bits>::Set(unsigned lane, const Words& scalar) {
  const bool even = scalar[0] % 2 == 0;
  const Words k = even ? Opposite(scalar) : scalar;
  for (unsigned i = 0; i < kCount; ++i) {
    // What the digits below have left of k: it is odd, and a digit's sign makes it so again.
    const unsigned at = bits * i;
    std::uint64_t rest = k[at / 64] >> at % 64;
    if (at % 64 > 64 - (bits + 1) && at / 64 < 3) rest |= k[at / 64 + 1] << (64 - at % 64);
    const bool last = i + 1 == kCount;
    const std::uint64_t odd = (last ? rest : rest % (1U << (bits + 1))) | 1;
    const auto digit = static_cast<int>(odd) - (last ? 0 : 1 << bits);
    places_[i][lane] = static_cast<std::uint64_t>((digit < 0 ? -digit : digit) - 1) / 2;
    negative_[i][lane] = (digit < 0) != even ? ~std::uint64_t{0} : 0;
  }
}

}  // namespace rootkeep::p256::lanes
