// u1 * G + u2 * Q on P-256 for eight points Q at a time, on processors with AVX-512 IFMA.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace rootkeep::p256::lanes {

inline constexpr std::size_t kMostAtOnce = 8;

// What a check of an ECDSA signature comes to (FIPS 186-5 §6.4.2 from step 5). All big-endian; u1, u2 and r are below
// the order.
struct Equation {
  using Octets = std::array<std::uint8_t, 32>;
  Octets x, y;  // Q
  Octets u1, u2;
  Octets r;
};

// Whether this processor can.
bool Available();

// Bit i is set only when equation i holds: Q is on the curve, its coordinates are below p, and the sum's x is r. A bit
// that is not set says nothing: sums that the quick formulas do not cover are left to the caller, and so is an r whose
// x was past the order. At most kMostAtOnce. Available() only. Thread-safe.
std::uint8_t Holding(std::span<const Equation> equations);

}  // namespace rootkeep::p256::lanes
