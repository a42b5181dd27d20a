#include "signer/p256/lanes/constants.h"

#include <openssl/ec.h>

#include <memory>

#include "keystore/base/openssl.h"

namespace rootkeep::p256::lanes {
namespace {

using Group = ossl::Owned<EC_GROUP, EC_GROUP_free>;
using Point = ossl::Owned<EC_POINT, EC_POINT_free>;
using BnCtx = ossl::Owned<BN_CTX, BN_CTX_free>;
using ossl::BigNum;
using Limbs = std::array<std::uint64_t, kLimbs>;

constexpr int kMontgomeryBits = kLimbs * kLimbBits;

class Maker {
 public:
  bool Make(Constants& out) {
    if (!group_ || !ctx_ || !number_ || !x_ || !y_ || !point_ || !twice_) return false;
    const EC_POINT* base = EC_GROUP_get0_generator(group_.get());
    if (EC_GROUP_get_curve(group_.get(), nullptr, nullptr, y_.get(), ctx_.get()) != 1 ||
        !Shifted(BN_value_one(), kMontgomeryBits, out.one) ||
        !Shifted(BN_value_one(), 2 * kMontgomeryBits, out.r_squared) || !Shifted(y_.get(), kMontgomeryBits, out.b) ||
        EC_POINT_copy(point_.get(), base) != 1 || EC_POINT_dbl(group_.get(), twice_.get(), base, ctx_.get()) != 1) {
      return false;
    }
    for (BaseMultiple& multiple : out.base) {
      if (EC_POINT_get_affine_coordinates(group_.get(), point_.get(), x_.get(), y_.get(), ctx_.get()) != 1 ||
          !Shifted(x_.get(), kMontgomeryBits, multiple.x) || !Shifted(y_.get(), kMontgomeryBits, multiple.y) ||
          EC_POINT_add(group_.get(), point_.get(), point_.get(), twice_.get(), ctx_.get()) != 1) {
        return false;
      }
    }
    return true;
  }

 private:
  // number * 2^bits modulo p.
  bool Shifted(const BIGNUM* number, int bits, Limbs& out) {
    Octets octets{};
    if (BN_lshift(number_.get(), number, bits) != 1 ||
        BN_mod(number_.get(), number_.get(), EC_GROUP_get0_field(group_.get()), ctx_.get()) != 1 ||
        BN_bn2binpad(number_.get(), octets.data(), static_cast<int>(octets.size())) < 0) {
      return false;
    }
    out = ToLimbs(ToWords(octets));
    return true;
  }

  Group group_{EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)};
  BnCtx ctx_{BN_CTX_new()};
  BigNum number_{BN_new()}, x_{BN_new()}, y_{BN_new()};
  Point point_{EC_POINT_new(group_.get())}, twice_{EC_POINT_new(group_.get())};
};

}  // namespace

const Constants* Constants::Get() {
  static const std::unique_ptr<const Constants> constants = []() -> std::unique_ptr<const Constants> {
    auto made = std::make_unique<Constants>();
    if (Maker().Make(*made)) return made;
    ossl::ClearErrors();
    return nullptr;
  }();
  return constants.get();
}

}  // namespace rootkeep::p256::lanes
