#include "signer/p256/inverse.h"

#include <algorithm>
#include <bit>

namespace rootkeep::p256 {
namespace {

__extension__ using Wide = unsigned __int128;
// Least significant word first.
using Words = std::array<std::uint64_t, 4>;

constexpr Words kOrder{0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000};
constexpr Words kOne{1, 0, 0, 0};

// x with x * kOrder = -1 modulo 2^64, by Newton's iteration.
constexpr std::uint64_t kNegatedInverse = [] {
  std::uint64_t x = 1;
  for (int i = 0; i < 6; ++i) x *= 2 - kOrder[0] * x;
  return ~x + 1;
}();
static_assert(kNegatedInverse * kOrder[0] == ~std::uint64_t{0});

bool IsLess(const Words& a, const Words& b) {
  return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

void Add(Words& a, const Words& b) {
  Wide sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += Wide{a[i]} + b[i];
    a[i] = static_cast<std::uint64_t>(sum);
    sum >>= 64;
  }
}

// Whether it went below zero, modulo 2^256.
bool Subtract(Words& a, const Words& b) {
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Wide difference = Wide{a[i]} - b[i] - borrow;
    a[i] = static_cast<std::uint64_t>(difference);
    borrow = static_cast<std::uint64_t>(difference >> 64) & 1;
  }
  return borrow == 1;
}

// Shifts right by 1 to 63 bits; the lowest bits of `top` come in above.
void ShiftRight(Words& a, int bits, std::uint64_t top) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::uint64_t above = i + 1 < a.size() ? a[i + 1] : top;
    a[i] = a[i] >> bits | above << (64 - bits);
  }
}

// Divides by 2^bits modulo the order: adds the multiple of the order that clears the lowest bits, then shifts.
void DivideByPowerOfTwo(Words& a, int bits) {
  const std::uint64_t factor = a[0] * kNegatedInverse & ((std::uint64_t{1} << bits) - 1);
  Wide sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += Wide{factor} * kOrder[i] + a[i];
    a[i] = static_cast<std::uint64_t>(sum);
    sum >>= 64;
  }
  ShiftRight(a, bits, static_cast<std::uint64_t>(sum));
  if (!IsLess(a, kOrder)) Subtract(a, kOrder);
}

void SubtractModOrder(Words& a, const Words& b) {
  if (Subtract(a, b)) Add(a, kOrder);
}

// Makes `value`, which is not zero, odd, and divides `cofactor` along.
void DropFactorsOfTwo(Words& value, Words& cofactor) {
  while (value[0] % 2 == 0) {
    const int bits = std::min(std::countr_zero(value[0]), 63);
    ShiftRight(value, bits, 0);
    DivideByPowerOfTwo(cofactor, bits);
  }
}

Words FromOctets(ByteView octets) {
  Words words{};
  std::size_t place = 0;
  for (auto octet = octets.rbegin(); octet != octets.rend(); ++octet, ++place) {
    words[place / 8] |= std::uint64_t{*octet} << (place % 8 * 8);
  }
  return words;
}

Octets ToOctets(const Words& words) {
  Octets octets{};
  for (std::size_t i = 0; i < octets.size(); ++i) {
    octets[octets.size() - 1 - i] = static_cast<std::uint8_t>(words[i / 8] >> (i % 8 * 8));
  }
  return octets;
}

}  // namespace

// The binary extended Euclidean algorithm. Throughout, u = x * scalar and v = y * scalar modulo the order; both stay
// odd after each turn, and their greatest common divisor stays 1 because the order is prime.
Octets InverseModOrder(ByteView scalar) {
  Words u = FromOctets(scalar);
  Words v = kOrder;
  Words x = kOne;
  Words y{};
  DropFactorsOfTwo(u, x);
  while (u != kOne && v != kOne) {
    if (IsLess(u, v)) {
      Subtract(v, u);
      SubtractModOrder(y, x);
      DropFactorsOfTwo(v, y);
    } else {
      Subtract(u, v);
      SubtractModOrder(x, y);
      DropFactorsOfTwo(u, x);
    }
  }
  return ToOctets(u == kOne ? x : y);
}

}  // namespace rootkeep::p256
