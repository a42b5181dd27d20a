// What eight lanes say by themselves, which the checks above them would hide: they fall back on OpenSSL.
#include "signer/p256/lanes/lanes.h"

#include <algorithm>
#include <array>
#include <vector>

#include "keystore/base/random.h"
#include "signer/p256/lanes/field.h"
#include "tests/support/matchers.h"
#include "tests/support/p256_case.h"
#include "tests/unit/signer/p256/lanes_testing.h"

namespace rootkeep::p256::lanes {
namespace {

using N = testing::P256Numbers;

class Lanes : public LanesTest {};

Equation::Octets Octets(ByteView from) {
  Equation::Octets octets;
  std::ranges::copy(from.first(octets.size()), octets.begin());
  return octets;
}

// u1 * G + u2 * Q for Q at `point`, with the sum's x for r.
Equation Of(ByteView point, const N::Number& u1, const N::Number& u2) {
  const Bytes sum = N::Combine(u1, point, u2);
  return {.x = Octets(point.subspan(1)),
          .y = Octets(point.subspan(33)),
          .u1 = Octets(N::Octets(u1)),
          .u2 = Octets(N::Octets(u2)),
          .r = Octets(ByteView(sum).subspan(1))};
}

Equation Random() { return Of(N::PointOf(N::Random()), N::Random(), N::Random()); }

std::vector<Equation> EightAtRandom() {
  std::vector<Equation> equations;
  for (std::size_t i = 0; i < kMostAtOnce; ++i) equations.push_back(Random());
  return equations;
}

TEST_P(Lanes, TrueEquationsHold) {
  for (int i = 0; i < 200; ++i) EXPECT_EQ(Holding(EightAtRandom()), 0xff);
}

TEST_P(Lanes, FewerThanEight) {
  const auto equations = EightAtRandom();
  for (std::size_t size = 1; size <= kMostAtOnce; ++size) {
    EXPECT_EQ(Holding(std::span(equations).first(size)), (1U << size) - 1);
  }
}

TEST_P(Lanes, EveryBitOfEveryNumberCounts) {
  const auto good = EightAtRandom();
  for (std::size_t bit = 0; bit < 256; ++bit) {
    for (Equation::Octets Equation::* number :
         {&Equation::x, &Equation::y, &Equation::u1, &Equation::u2, &Equation::r}) {
      auto changed = good;
      const std::size_t lane = bit % kMostAtOnce;
      (changed[lane].*number)[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      EXPECT_EQ(Holding(changed), 0xff & ~(1U << lane)) << bit;
    }
  }
}

RK_FOR_LANES bool OppositeDifferencesCancel(std::uint64_t a, std::uint64_t b) {
  Field x{};
  Field y{};
  x.limb[0] = InAllLanes(a);
  y.limb[0] = InAllLanes(b);
  const Field factor = Settle(Minus(Field{}, x));
  const Loose sum = Plus(Times(Settle(Minus(x, y)), factor), Times(Settle(Minus(y, x)), factor));
  const Vector zero = IsZero(Settle(sum));
  return std::ranges::all_of(std::array{zero[0], zero[kLanes - 1]}, [](auto lane) { return lane != 0; });
}

// Next to zero a difference may come out below it; random numbers never get there.
TEST_P(Lanes, SmallDifferencesOfEitherSign) {
  for (std::uint64_t a = 0; a < 5; ++a) {
    for (std::uint64_t b = 0; b < 5; ++b) EXPECT_TRUE(OppositeDifferencesCancel(a, b)) << a << " " << b;
  }
}

// Long runs of ones and zeros reach the ends of every limb and digit.
TEST_P(Lanes, ScalarsAtTheirBounds) {
  std::vector<N::Number> scalars;
  for (int bit = 0; bit < 255; bit += 3) {
    N::Number power(BN_new());
    BN_set_bit(power.get(), bit);
    for (const int offset : {-1, 1}) {
      N::Number near(BN_dup(power.get()));
      offset < 0 ? BN_sub_word(near.get(), 1) : BN_add_word(near.get(), 1);
      if (BN_is_zero(near.get()) == 0) scalars.push_back(std::move(near));
    }
    scalars.push_back(std::move(power));
  }
  for (const unsigned less : {1U, 2U, 3U, 16U}) {
    N::Number near = N::Order();
    BN_sub_word(near.get(), less);
    scalars.push_back(std::move(near));
  }
  const Bytes point = N::PointOf(N::Random());
  std::vector<Equation> equations;
  for (const N::Number& scalar : scalars) {
    equations.push_back(Of(point, scalar, N::Random()));
    equations.push_back(Of(point, N::Random(), scalar));
    equations.push_back(Of(point, scalar, scalar));
  }
  for (std::size_t begin = 0; begin < equations.size(); begin += kMostAtOnce) {
    const auto group = std::span(equations).subspan(begin, std::min(kMostAtOnce, equations.size() - begin));
    EXPECT_EQ(Holding(group), (1U << group.size()) - 1) << begin;
  }
}

// A digest of zero makes u1 zero: every lane adds multiples of G all the same, which cancel. Whether the formulas cover
// that does not matter, as long as no other equation holds.
TEST_P(Lanes, NothingOfTheGenerator) {
  auto equations = EightAtRandom();
  equations[3] = Of(N::PointOf(N::Random()), N::Number(BN_new()), N::Random());
  EXPECT_EQ(Holding(equations) | 1U << 3, 0xff) << "the others are not disturbed";
  equations[3].r[31] ^= 1;
  EXPECT_EQ(Holding(equations), 0xff & ~(1U << 3));
}

// The quick formulas do not cover equal and opposite points, which Q = G brings about at the first digits. They may say
// no to a true equation, never yes to a false one.
TEST_P(Lanes, WhatTheFormulasDoNotCoverIsNeverSaidToHold) {
  const N::Number zero(BN_new());
  const Bytes base = N::PointOf(N::FromHexText("1"));
  for (unsigned i = 0; i < 100; ++i) {
    const N::Number u = N::Random();
    const Bytes minus_u = N::Octets(N::Minus(zero, u));
    for (const Bytes& u2 : {N::Octets(u), minus_u}) {  // the sum is 2 * u * G, and at infinity
      for (const Bytes& r : {RandomBytes(32).value(), Bytes(32, 0)}) {
        auto equations = EightAtRandom();
        equations[i % kMostAtOnce] = Of(base, u, u);
        equations[i % kMostAtOnce].u2 = Octets(u2);
        equations[i % kMostAtOnce].r = Octets(r);
        EXPECT_EQ(Holding(equations), 0xff & ~(1U << i % kMostAtOnce));
      }
    }
  }
}

TEST_P(Lanes, PointsThatAreNoKey) {
  auto equations = EightAtRandom();
  equations[0].x = equations[1].x;  // not on the curve
  equations[2].x = equations[2].y = {};
  equations[3].x.fill(0xff);  // past p
  EXPECT_EQ(Holding(equations), 0xff & ~0b1101U);
}

// x + p is the same number modulo p, and no octets that a key may have.
TEST_P(Lanes, CoordinatesPastThePrimeAreRefused) {
  const N::Number prime = N::Prime();
  int tried = 0;
  for (N::Number x = N::FromHexText("0"); tried < 5; BN_add_word(x.get(), 1)) {
    const Bytes point = N::PointAt(x);
    if (point.empty()) continue;
    Equation equation = Of(point, N::Random(), N::Random());
    EXPECT_EQ(Holding(std::span(&equation, 1)), 1);
    N::Number past(BN_new());
    BN_add(past.get(), x.get(), prime.get());
    equation.x = Octets(N::Octets(past));
    EXPECT_EQ(Holding(std::span(&equation, 1)), 0);
    ++tried;
  }
}

INSTANTIATE_TEST_SUITE_P(Processor, Lanes, ::testing::ValuesIn(WhereAvailable()), NameOfLanes);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Lanes);

}  // namespace
}  // namespace rootkeep::p256::lanes
