// What every check of an ECDSA signature begins with: reading it, and its two scalars.
#pragma once

#include <openssl/ec.h>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"
#include "signer/p256/ecdsa.h"

namespace rootkeep::p256 {

// P-256 with OpenSSL's own generator and tables; lives as long as the program. Null when OpenSSL could not.
const EC_GROUP* Curve();

// What a check works in. One a thread, because making it costs as much as a multiplication of numbers.
struct Workspace {
  using Point = ossl::Owned<EC_POINT, EC_POINT_free>;

  // This thread's; null when OpenSSL could not make it.
  static Workspace* OfThread();

  // Steps 1 to 4 of FIPS 186-5 §6.4.2: leaves r, u1 = e / s and u2 = r / s modulo the order here. kGood, kBad or
  // kFailed.
  Verdict Prepare(ByteView digest, ByteView signature);

  ossl::Owned<BN_CTX, BN_CTX_free> ctx{BN_CTX_new()};
  ossl::BigNum r{BN_new()}, s{BN_new()}, e{BN_new()}, w{BN_new()}, u1{BN_new()}, u2{BN_new()}, t{BN_new()}, x{BN_new()},
      z{BN_new()};
  Point sum{EC_POINT_new(Curve())}, part{EC_POINT_new(Curve())}, key{EC_POINT_new(Curve())};

 private:
  [[nodiscard]] bool Ready() const { return ctx && r && s && e && w && u1 && u2 && t && x && z && sum && part && key; }
  bool Invert(ByteView s_octets, const BIGNUM* order);
};

}  // namespace rootkeep::p256
