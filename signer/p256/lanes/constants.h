// What every multiplication needs: multiples of the generator and a few numbers, in Montgomery form.
#pragma once

#include <array>
#include <cstdint>

#include "signer/p256/lanes/scalar.h"

namespace rootkeep::p256::lanes {

inline constexpr unsigned kBaseBits = 7;  // of a digit of a multiple of the generator

inline constexpr Octets kPrime = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
                                  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

struct BaseMultiple {
  std::array<std::uint64_t, kLimbs> x, y;
};

struct Constants {
  // Computed by OpenSSL when first asked for; null when that failed.
  static const Constants* Get();

  std::array<std::uint64_t, kLimbs> one;                 // R
  std::array<std::uint64_t, kLimbs> r_squared;           // R^2, not in Montgomery form
  std::array<std::uint64_t, kLimbs> b;                   // the curve's
  std::array<BaseMultiple, 1U << (kBaseBits - 1)> base;  // 1, 3, 5, ... times the generator
};

}  // namespace rootkeep::p256::lanes
