// The lanes' arithmetic modulo p held against OpenSSL's, at the ends of its ranges.
#include "signer/p256/lanes/field.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/support/p256_case.h"
#include "tests/unit/signer/p256/lanes_testing.h"

namespace rootkeep::p256::lanes {
namespace {

using N = testing::P256Numbers;
using Limbs = std::array<std::uint64_t, kLimbs>;
using BnCtx = ossl::Owned<BN_CTX, BN_CTX_free>;

class FieldTest : public LanesTest {};

N::Number ToNumber(const Limbs& limbs) {
  N::Number number(BN_new());
  for (unsigned i = kLimbs; i-- > 0;) {
    BN_lshift(number.get(), number.get(), kLimbBits);
    BN_add_word(number.get(), limbs[i]);
  }
  return number;
}

Limbs ToLimbs(const N::Number& number) {
  Limbs limbs{};
  N::Number rest(BN_dup(number.get()));
  for (std::uint64_t& limb : limbs) {
    N::Number low(BN_dup(rest.get()));
    BN_mask_bits(low.get(), kLimbBits);
    limb = BN_get_word(low.get());
    BN_rshift(rest.get(), rest.get(), kLimbBits);
  }
  return limbs;
}

struct Outcomes {
  Limbs product, square, sum, difference, eightfold;
};

RK_FOR_LANES void Put(Field& field, const Limbs& number) {
  for (unsigned i = 0; i < kLimbs; ++i) field.limb[i] = InAllLanes(number[i]);
}
RK_FOR_LANES Limbs Take(const Field& field) {
  Limbs limbs{};
  for (unsigned i = 0; i < kLimbs; ++i) limbs[i] = field.limb[i][kLanes - 1];
  return limbs;
}
RK_FOR_LANES Outcomes Compute(const Limbs& a, const Limbs& b) {
  Field x;
  Field y;
  Put(x, a);
  Put(y, b);
  return {Take(Times(x, y)), Take(Square(x)), Take(Settle(Plus(x, y))), Take(Settle(Minus(x, y))),
          Take(Settle(Minus(Shifted(x, 3), Shifted(y, 2))))};
}

// Multiples of p and their neighbours up to the largest number that a Field may be, 2.02 p.
std::vector<Limbs> Extremes() {
  std::vector<Limbs> extremes;
  N::Number limit = N::Prime();
  BN_mul_word(limit.get(), 202);
  BN_div_word(limit.get(), 100);
  N::Number twice = N::Prime();
  BN_lshift1(twice.get(), twice.get());
  for (const N::Number& base : {N::Number(BN_new()), N::Prime(), std::move(twice), std::move(limit)}) {
    for (const unsigned offset : {0U, 1U, 2U}) {
      N::Number below(BN_dup(base.get()));
      BN_sub_word(below.get(), offset);
      if (BN_is_negative(below.get()) == 0) extremes.push_back(ToLimbs(below));
    }
    N::Number above(BN_dup(base.get()));
    BN_add_word(above.get(), 1);
    extremes.push_back(ToLimbs(above));
  }
  extremes.push_back({kLimbMask, kLimbMask, kLimbMask, kLimbMask, (std::uint64_t{1} << 48) - 1});
  extremes.push_back({0, 0, 0, 0, std::uint64_t{1} << 48});
  extremes.push_back({kLimbMask, 0, kLimbMask, 0, kLimbMask >> 4});
  for (int i = 0; i < 8; ++i) extremes.push_back(ToLimbs(N::Random()));
  return extremes;
}

// What stands in `limbs` is a Field and the same number as `expected` modulo p.
void ExpectSame(const Limbs& limbs, const N::Number& expected, const char* what) {
  const BnCtx ctx(BN_CTX_new());
  const N::Number prime = N::Prime();
  const N::Number number = ToNumber(limbs);
  for (const std::uint64_t limb : limbs) EXPECT_LE(limb, kLimbMask) << what;
  N::Number hundredfold(BN_dup(number.get()));
  BN_mul_word(hundredfold.get(), 100);
  N::Number limit = N::Prime();
  BN_mul_word(limit.get(), 202);
  EXPECT_LE(BN_cmp(hundredfold.get(), limit.get()), 0) << what;
  N::Number difference(BN_new());
  BN_mod_sub(difference.get(), number.get(), expected.get(), prime.get(), ctx.get());
  EXPECT_TRUE(BN_is_zero(difference.get())) << what;
}

TEST_P(FieldTest, AgreesWithOpenSslAtTheEndsOfItsRanges) {
  const BnCtx ctx(BN_CTX_new());
  const N::Number prime = N::Prime();
  N::Number r(BN_new());
  BN_set_bit(r.get(), kLimbs * kLimbBits);
  const N::Number inverse(BN_mod_inverse(nullptr, r.get(), prime.get(), ctx.get()));
  const auto montgomery = [&](const N::Number& x, const N::Number& y) {
    N::Number product(BN_new());
    BN_mod_mul(product.get(), x.get(), y.get(), prime.get(), ctx.get());
    BN_mod_mul(product.get(), product.get(), inverse.get(), prime.get(), ctx.get());
    return product;
  };
  const std::vector<Limbs> extremes = Extremes();
  for (const Limbs& a : extremes) {
    for (const Limbs& b : extremes) {
      const N::Number x = ToNumber(a);
      const N::Number y = ToNumber(b);
      const Outcomes got = Compute(a, b);
      ExpectSame(got.product, montgomery(x, y), "product");
      ExpectSame(got.square, montgomery(x, x), "square");
      N::Number number(BN_new());
      BN_add(number.get(), x.get(), y.get());
      ExpectSame(got.sum, number, "sum");
      BN_sub(number.get(), x.get(), y.get());
      ExpectSame(got.difference, number, "difference");
      N::Number eightfold(BN_dup(x.get()));
      N::Number fourfold(BN_dup(y.get()));
      BN_lshift(eightfold.get(), eightfold.get(), 3);
      BN_lshift(fourfold.get(), fourfold.get(), 2);
      BN_sub(number.get(), eightfold.get(), fourfold.get());
      ExpectSame(got.eightfold, number, "eightfold less fourfold");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Processor, FieldTest, ::testing::ValuesIn(WhereAvailable()), NameOfLanes);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FieldTest);

}  // namespace
}  // namespace rootkeep::p256::lanes
