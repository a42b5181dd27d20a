// Numbers modulo P-256's prime p = 2^256 - 2^224 + 2^192 + 2^96 - 1, eight at a time.
//
// Lane i of every vector belongs to number i. A number is five limbs of 52 bits, which is what AVX-512's IFMA
// multiplies, in Montgomery form with R = 2^260. Not constant-time: for public values only.
#pragma once

#include <immintrin.h>

#include <array>
#include <cstdint>

// Functions that may run on processors with IFMA only. An attribute and not a compiler flag for the file: with the flag
// the inline functions of any header could be compiled for such processors and then be linked into everything.
#define RK_FOR_LANES __attribute__((target("avx512f,avx512ifma")))
#define RK_LANES RK_FOR_LANES __attribute__((always_inline)) inline

namespace rootkeep::p256::lanes {

inline constexpr unsigned kLanes = 8;
inline constexpr unsigned kLimbs = 5;
inline constexpr unsigned kLimbBits = 52;
inline constexpr std::uint64_t kLimbMask = (std::uint64_t{1} << kLimbBits) - 1;

// One number of 64 bits for each lane; arithmetic on it is by lane. A comparison gives all ones where it holds.
using Vector = std::uint64_t __attribute__((vector_size(8 * kLanes)));
using SignedVector = std::int64_t __attribute__((vector_size(8 * kLanes)));

// Below 2.02 p, with limbs below 2^52: what a product is and takes.
struct Field {
  Vector limb[kLimbs];
};

// Sums of Fields, whose limbs may be negative or long; only Settle makes a Field of it. At most sixteen Fields may
// gather in one, which stays far from the 64 bits of a lane.
struct Loose {
  Vector limb[kLimbs];
};

// The low and the high 52 bits of a * b, added to `sum`; only the low 52 bits of the factors count.
RK_LANES Vector LowProduct(Vector sum, Vector a, Vector b) {
  return reinterpret_cast<Vector>(_mm512_madd52lo_epu64(reinterpret_cast<__m512i>(sum), reinterpret_cast<__m512i>(a),
                                                        reinterpret_cast<__m512i>(b)));
}
RK_LANES Vector HighProduct(Vector sum, Vector a, Vector b) {
  return reinterpret_cast<Vector>(_mm512_madd52hi_epu64(reinterpret_cast<__m512i>(sum), reinterpret_cast<__m512i>(a),
                                                        reinterpret_cast<__m512i>(b)));
}
RK_LANES Vector InAllLanes(std::uint64_t value) { return Vector{} + value; }
// Of numbers that may be negative.
RK_LANES Vector ShiftedRight(Vector a, unsigned bits) {
  return reinterpret_cast<Vector>(reinterpret_cast<SignedVector>(a) >> bits);
}

// t / R modulo p for the ten columns of a product. p is -1 modulo 2^52, so that the multiple of p that clears a column
// is that column's own value m. m * p = m * (2^96 - 1) + m * 2^192 * (2^64 - 2^32 + 1), whose -m is what clears it.
RK_LANES Field Reduce(Vector (&t)[2 * kLimbs]) {
  const Vector at_96 = InAllLanes(std::uint64_t{1} << 44);                             // 96 = 52 + 44
  const Vector at_192 = InAllLanes(std::uint64_t{1} << 36);                            // 192 = 3 * 52 + 36
  const Vector top = InAllLanes((std::uint64_t{1} << 48) - (std::uint64_t{1} << 16));  // 2^256 - 2^224, in limb 4
  for (unsigned i = 0; i < kLimbs; ++i) {
    const Vector m = t[i] & kLimbMask;
    t[i + 1] += t[i] >> kLimbBits;
    t[i + 1] = LowProduct(t[i + 1], m, at_96);
    t[i + 2] = HighProduct(t[i + 2], m, at_96);
    t[i + 3] = LowProduct(t[i + 3], m, at_192);
    t[i + 4] = HighProduct(t[i + 4], m, at_192);
    t[i + 4] = LowProduct(t[i + 4], m, top);
    t[i + 5] = HighProduct(t[i + 5], m, top);
  }
  Field r;
  Vector carry = t[kLimbs];
  for (unsigned i = 0; i + 1 < kLimbs; ++i) {
    r.limb[i] = carry & kLimbMask;
    carry = t[kLimbs + i + 1] + (carry >> kLimbBits);
  }
  r.limb[kLimbs - 1] = carry;
  return r;
}

RK_LANES Field Times(const Field& a, const Field& b) {
  Vector t[2 * kLimbs] = {};
  for (unsigned i = 0; i < kLimbs; ++i) {
    for (unsigned j = 0; j < kLimbs; ++j) {
      t[i + j] = LowProduct(t[i + j], a.limb[i], b.limb[j]);
      t[i + j + 1] = HighProduct(t[i + j + 1], a.limb[i], b.limb[j]);
    }
  }
  return Reduce(t);
}

RK_LANES Field Square(const Field& a) {
  Vector t[2 * kLimbs] = {};
  for (unsigned i = 0; i < kLimbs; ++i) {
    for (unsigned j = i + 1; j < kLimbs; ++j) {
      t[i + j] = LowProduct(t[i + j], a.limb[i], a.limb[j]);
      t[i + j + 1] = HighProduct(t[i + j + 1], a.limb[i], a.limb[j]);
    }
  }
  for (Vector& column : t) column += column;
  for (unsigned i = 0; i < kLimbs; ++i) {
    t[2 * i] = LowProduct(t[2 * i], a.limb[i], a.limb[i]);
    t[2 * i + 1] = HighProduct(t[2 * i + 1], a.limb[i], a.limb[i]);
  }
  return Reduce(t);
}

// The top limb tells how often p fits, up to one; taking it away once less keeps the result positive: it is below
// 2.02 p, and at least p but for what the lower limbs of a difference borrow and what p lacks to 2^256, at most
// 33 * 2^224 where the top limb is negative.
RK_LANES Field Settle(const Loose& a) {
  const Vector q = ShiftedRight(a.limb[4], 48) - 1;
  Vector limb[kLimbs] = {a.limb[0] + q, a.limb[1] - (q << 44), a.limb[2], a.limb[3] - (q << 36),
                         a.limb[4] + (q << 16) - (q << 48)};
  Field r;
  for (unsigned i = 0; i + 1 < kLimbs; ++i) {
    r.limb[i] = limb[i] & kLimbMask;
    limb[i + 1] += ShiftedRight(limb[i], kLimbBits);
  }
  r.limb[kLimbs - 1] = limb[kLimbs - 1];
  return r;
}

// Of Field or Loose.
template <typename A, typename B>
RK_LANES Loose Plus(const A& a, const B& b) {
  Loose r;
  for (unsigned i = 0; i < kLimbs; ++i) r.limb[i] = a.limb[i] + b.limb[i];
  return r;
}
template <typename A, typename B>
RK_LANES Loose Minus(const A& a, const B& b) {
  Loose r;
  for (unsigned i = 0; i < kLimbs; ++i) r.limb[i] = a.limb[i] - b.limb[i];
  return r;
}
// a * 2^bits.
RK_LANES Loose Shifted(const Field& a, unsigned bits) {
  Loose r;
  for (unsigned i = 0; i < kLimbs; ++i) r.limb[i] = a.limb[i] << bits;
  return r;
}

// b where `lanes` is all ones, a where it is zero.
RK_LANES Field Select(Vector lanes, const Field& a, const Field& b) {
  Field r;
  for (unsigned i = 0; i < kLimbs; ++i) r.limb[i] = (a.limb[i] & ~lanes) | (b.limb[i] & lanes);
  return r;
}

// All ones where the number is zero modulo p: leaving Montgomery form makes 0 or p of these and of no others.
RK_LANES Vector IsZero(const Field& a) {
  Vector t[2 * kLimbs] = {};
  for (unsigned i = 0; i < kLimbs; ++i) t[i] = a.limb[i];
  const Field r = Reduce(t);
  static constexpr std::array<std::uint64_t, kLimbs> kPrime = {kLimbMask, (std::uint64_t{1} << 44) - 1, 0,
                                                               std::uint64_t{1} << 36,
                                                               (std::uint64_t{1} << 48) - (std::uint64_t{1} << 16)};
  Vector differs_from_zero = {};
  Vector differs_from_prime = {};
  for (unsigned i = 0; i < kLimbs; ++i) {
    differs_from_zero |= r.limb[i];
    differs_from_prime |= r.limb[i] ^ kPrime[i];
  }
  return reinterpret_cast<Vector>((differs_from_zero == 0) | (differs_from_prime == 0));
}

}  // namespace rootkeep::p256::lanes
