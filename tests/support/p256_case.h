// ECDSA over P-256 put together from its numbers, so that a test can choose any of them, and OpenSSL's verdict.
#pragma once

#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"

namespace rootkeep::testing {

// P-256's arithmetic on plain numbers. Everything aborts when OpenSSL fails.
class P256Numbers {
 public:
  using Number = ossl::BigNum;

  static Number FromHexText(const std::string& hex);
  static Number FromOctets(ByteView octets);  // big-endian
  static Number Order();
  static Number Prime();
  // Between 1 and the order less 1.
  static Number Random();
  // Modulo the order.
  static Number Times(const Number& a, const Number& b);
  static Number Over(const Number& a, const Number& b);
  static Number Minus(const Number& a, const Number& b);
  static Number Plus(const Number& a, const Number& b);
  // 32 octets, big-endian.
  static Bytes Octets(const Number& number);

  // 04 || X || Y of scalar * generator.
  static Bytes PointOf(const Number& scalar);
  // 04 || X || Y of a * generator + b * point.
  static Bytes Combine(const Number& a, ByteView point, const Number& b);
  // 04 || X || Y of the point with this x; empty when there is none.
  static Bytes PointAt(const Number& x);
};

// DER ECDSA-Sig-Value of any two numbers that are not negative.
Bytes EcdsaSignature(const P256Numbers::Number& r, const P256Numbers::Number& s);

// Signs with private key d, nonce k and digest e.
Bytes EcdsaSign(const P256Numbers::Number& d, const P256Numbers::Number& k, ByteView digest);

// Whether OpenSSL takes these octets for a point, in whatever form.
bool OpenSslReadsPoint(ByteView point);

// ECDSA_verify's verdict by the key at `point`.
bool OpenSslVerifies(ByteView point, ByteView digest, ByteView signature);

}  // namespace rootkeep::testing
