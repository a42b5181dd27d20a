#include "signer/p256/inverse.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>

#include "keystore/base/openssl.h"

namespace rootkeep::p256 {
namespace {

using ossl::BigNum;

class Inverse : public ::testing::Test {
 protected:
  Inverse() {
    const ossl::Owned<EC_GROUP, EC_GROUP_free> group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
    order_.reset(BN_dup(EC_GROUP_get0_order(group.get())));
  }

  // Whether ours is BN_mod_inverse's.
  void Expect(const BIGNUM* scalar) const {
    Bytes octets(static_cast<std::size_t>(BN_num_bytes(scalar)));
    BN_bn2bin(scalar, octets.data());
    const ossl::Owned<BN_CTX, BN_CTX_free> ctx(BN_CTX_new());
    const BigNum want(BN_mod_inverse(nullptr, scalar, order_.get(), ctx.get()));
    Octets want_octets{};
    BN_bn2binpad(want.get(), want_octets.data(), static_cast<int>(want_octets.size()));
    ASSERT_EQ(ToHex(InverseModOrder(octets)), ToHex(want_octets)) << ToHex(octets);
  }

  BigNum order_;
};

TEST_F(Inverse, OfRandomScalars) {
  const BigNum scalar(BN_new());
  for (int i = 0; i < 5000; ++i) {
    do {
      BN_rand_range(scalar.get(), order_.get());
    } while (BN_is_zero(scalar.get()) == 1);
    Expect(scalar.get());
  }
}

TEST_F(Inverse, OfPowersOfTwoAndTheirNeighbours) {
  const BigNum scalar(BN_new());
  for (int bit = 0; bit < 256; ++bit) {
    for (int offset = -1; offset <= 1; ++offset) {
      BN_zero(scalar.get());
      BN_set_bit(scalar.get(), bit);
      offset < 0 ? BN_sub_word(scalar.get(), 1) : BN_add_word(scalar.get(), static_cast<BN_ULONG>(offset));
      if (BN_is_zero(scalar.get()) == 0 && BN_cmp(scalar.get(), order_.get()) < 0) Expect(scalar.get());
    }
  }
}

TEST_F(Inverse, NearTheOrderAndItsFractions) {
  const BigNum scalar(BN_new());
  for (BN_ULONG divisor = 1; divisor <= 64; ++divisor) {
    for (BN_ULONG below = 1; below <= 64; ++below) {
      BN_copy(scalar.get(), order_.get());
      BN_div_word(scalar.get(), divisor);
      BN_sub_word(scalar.get(), below);
      Expect(scalar.get());
    }
  }
}

// Words of zeros and ones make every carry and borrow there is.
TEST_F(Inverse, OfWordsOfZerosAndOnes) {
  constexpr std::size_t kRuns = 12;
  for (unsigned pattern = 1; pattern < 1U << kRuns; ++pattern) {
    Bytes octets(32);
    for (std::size_t i = 0; i < octets.size(); ++i) octets[i] = (pattern >> i * kRuns / 32 & 1) != 0 ? 0xff : 0x00;
    const BigNum scalar(BN_bin2bn(octets.data(), 32, nullptr));
    if (BN_cmp(scalar.get(), order_.get()) < 0) Expect(scalar.get());
  }
}

}  // namespace
}  // namespace rootkeep::p256
