#include "signer/p256/lanes/lanes.h"

#include <algorithm>
#include <optional>

#include "signer/p256/lanes/constants.h"
#include "signer/p256/lanes/point.h"
#include "signer/p256/lanes/scalar.h"

namespace rootkeep::p256::lanes {
namespace {

constexpr unsigned kKeyBits = 4;  // of a digit of u2: eight multiples of a key are made for each check
constexpr unsigned kKeyMultiples = 1U << (kKeyBits - 1);
constexpr unsigned kTop = 252;  // where the first digit of both scalars stands
static_assert(kTop % kKeyBits == 0 && kTop % kBaseBits == 0 && kTop + kKeyBits >= 256);

using Limbs = std::array<std::uint64_t, kLimbs>;

void Set(Field& field, unsigned lane, const Limbs& number) {
  for (unsigned i = 0; i < kLimbs; ++i) field.limb[i][lane] = number[i];
}

struct Inputs {
  Field x, y, r;  // not in Montgomery form
  OddDigits<kBaseBits> u1;
  OddDigits<kKeyBits> u2;
};

RK_LANES Field InAllLanes(const Limbs& number) {
  Field r;
  for (unsigned i = 0; i < kLimbs; ++i) r.limb[i] = lanes::InAllLanes(number[i]);
  return r;
}

// y^2 = x^3 - 3x + b.
RK_LANES Vector OnCurve(const Affine& p, const Constants& constants) {
  const Field x3 = Times(Square(p.x), p.x);
  const Loose x_thrice = Plus(Plus(p.x, p.x), p.x);
  return IsZero(Settle(Minus(Minus(Plus(x3, InAllLanes(constants.b)), x_thrice), Square(p.y))));
}

// In each lane the multiple at its place, negated where it says so.
RK_LANES Point Pick(const Point (&multiples)[kKeyMultiples], Vector places, Vector negative) {
  Point r = multiples[0];
  for (unsigned i = 1; i < kKeyMultiples; ++i) {
    const auto here = reinterpret_cast<Vector>(places == i);
    r = {Select(here, r.x, multiples[i].x), Select(here, r.y, multiples[i].y), Select(here, r.z, multiples[i].z)};
  }
  r.y = NegatedWhere(negative, r.y);
  return r;
}

RK_LANES Affine PickOfBase(const Constants& constants, Vector places, Vector negative) {
  Affine r;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    const BaseMultiple& multiple = constants.base[places[lane]];
    Set(r.x, lane, multiple.x);
    Set(r.y, lane, multiple.y);
  }
  r.y = NegatedWhere(negative, r.y);
  return r;
}

RK_FOR_LANES std::uint8_t Compute(const Inputs& inputs, const Constants& constants) {
  const Field r_squared = InAllLanes(constants.r_squared);
  const Affine key = {Times(inputs.x, r_squared), Times(inputs.y, r_squared)};
  const Vector on_curve = OnCurve(key, constants);

  Point multiples[kKeyMultiples];  // 1, 3, 5, ... times the key
  multiples[0] = {key.x, key.y, InAllLanes(constants.one)};
  const Point twice = Double(multiples[0]);
  for (unsigned i = 1; i < kKeyMultiples; ++i) multiples[i] = Add(multiples[i - 1], twice);

  Point sum;
  for (unsigned bit = kTop;; --bit) {
    if (bit != kTop) sum = Double(sum);
    if (bit % kKeyBits == 0) {
      const unsigned i = bit / kKeyBits;
      const Point part = Pick(multiples, inputs.u2.places(i), inputs.u2.negative(i));
      if (bit == kTop) {
        sum = part;
      } else {
        sum = Add(sum, part);
      }
    }
    if (bit % kBaseBits == 0) {
      const unsigned i = bit / kBaseBits;
      sum = Add(sum, PickOfBase(constants, inputs.u1.places(i), inputs.u1.negative(i)));
    }
    if (bit == 0) break;
  }
  const Field expected = Times(Times(inputs.r, r_squared), Square(sum.z));
  const Vector holds = on_curve & ~IsZero(sum.z) & IsZero(Settle(Minus(sum.x, expected)));
  std::uint8_t bits = 0;
  for (unsigned lane = 0; lane < kLanes; ++lane) bits |= static_cast<std::uint8_t>((holds[lane] & 1) << lane);
  return bits;
}

}  // namespace

bool Available() {
  static const bool available = __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512ifma") != 0 &&
                                Constants::Get() != nullptr;
  return available;
}

std::uint8_t Holding(std::span<const Equation> equations) {
  Inputs inputs{};
  std::uint8_t canonical = 0;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    // A lane without work repeats the first.
    const Equation& equation = equations[lane < equations.size() ? lane : 0];
    if (lane < equations.size() && equation.x < kPrime && equation.y < kPrime) canonical |= 1U << lane;
    Set(inputs.x, lane, ToLimbs(ToWords(equation.x)));
    Set(inputs.y, lane, ToLimbs(ToWords(equation.y)));
    Set(inputs.r, lane, ToLimbs(ToWords(equation.r)));
    inputs.u1.Set(lane, ToWords(equation.u1));
    inputs.u2.Set(lane, ToWords(equation.u2));
  }
  return canonical & Compute(inputs, *Constants::Get());
}

}  // namespace rootkeep::p256::lanes
