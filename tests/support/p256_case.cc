#define OPENSSL_SUPPRESS_DEPRECATED  // ECDSA_verify is what the code under test is held against
#include "tests/support/p256_case.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>

#include <cstdlib>

#include "signer/der/writer.h"

namespace rootkeep::testing {
namespace {

using Number = P256Numbers::Number;
using Point = ossl::Owned<EC_POINT, EC_POINT_free>;

void Require(bool ok) {
  if (!ok) std::abort();
}

const EC_GROUP* Group() {
  static const EC_GROUP* const group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  return group;
}

BN_CTX* Ctx() {
  static thread_local const ossl::Owned<BN_CTX, BN_CTX_free> ctx(BN_CTX_new());
  return ctx.get();
}

Bytes PointOctets(const EC_POINT* point) {
  Bytes out(65);
  if (EC_POINT_point2oct(Group(), point, POINT_CONVERSION_UNCOMPRESSED, out.data(), out.size(), Ctx()) != 65) return {};
  return out;
}

}  // namespace

Number P256Numbers::FromHexText(const std::string& hex) {
  BIGNUM* number = nullptr;
  Require(BN_hex2bn(&number, hex.c_str()) > 0);
  return Number(number);
}

Number P256Numbers::FromOctets(ByteView octets) {
  return Number(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
}

Number P256Numbers::Order() { return Number(BN_dup(EC_GROUP_get0_order(Group()))); }

Number P256Numbers::Prime() { return Number(BN_dup(EC_GROUP_get0_field(Group()))); }

Number P256Numbers::Random() {
  Number number(BN_new());
  do {
    Require(BN_rand_range(number.get(), EC_GROUP_get0_order(Group())) == 1);
  } while (BN_is_zero(number.get()) == 1);
  return number;
}

Number P256Numbers::Times(const Number& a, const Number& b) {
  Number out(BN_new());
  Require(BN_mod_mul(out.get(), a.get(), b.get(), EC_GROUP_get0_order(Group()), Ctx()) == 1);
  return out;
}

Number P256Numbers::Over(const Number& a, const Number& b) {
  const Number inverse(BN_mod_inverse(nullptr, b.get(), EC_GROUP_get0_order(Group()), Ctx()));
  Require(inverse != nullptr);
  return Times(a, inverse);
}

Number P256Numbers::Minus(const Number& a, const Number& b) {
  Number out(BN_new());
  Require(BN_mod_sub(out.get(), a.get(), b.get(), EC_GROUP_get0_order(Group()), Ctx()) == 1);
  return out;
}

Number P256Numbers::Plus(const Number& a, const Number& b) {
  Number out(BN_new());
  Require(BN_mod_add(out.get(), a.get(), b.get(), EC_GROUP_get0_order(Group()), Ctx()) == 1);
  return out;
}

Bytes P256Numbers::Octets(const Number& number) {
  Bytes out(32);
  Require(BN_bn2binpad(number.get(), out.data(), 32) == 32);
  return out;
}

Bytes P256Numbers::PointOf(const Number& scalar) {
  const Point point(EC_POINT_new(Group()));
  Require(EC_POINT_mul(Group(), point.get(), scalar.get(), nullptr, nullptr, Ctx()) == 1);
  return PointOctets(point.get());
}

Bytes P256Numbers::Combine(const Number& a, ByteView point, const Number& b) {
  const Point in(EC_POINT_new(Group()));
  const Point out(EC_POINT_new(Group()));
  Require(EC_POINT_oct2point(Group(), in.get(), point.data(), point.size(), Ctx()) == 1);
  Require(EC_POINT_mul(Group(), out.get(), a.get(), in.get(), b.get(), Ctx()) == 1);
  return PointOctets(out.get());
}

Bytes P256Numbers::PointAt(const Number& x) {
  const Point point(EC_POINT_new(Group()));
  if (EC_POINT_set_compressed_coordinates(Group(), point.get(), x.get(), 0, Ctx()) != 1) {
    ossl::ClearErrors();
    return {};
  }
  return PointOctets(point.get());
}

Bytes EcdsaSignature(const Number& r, const Number& s) {
  const auto contents = [](const Number& number) {
    Bytes octets(static_cast<std::size_t>(BN_num_bytes(number.get())));
    BN_bn2bin(number.get(), octets.data());
    return der::UnsignedContents(octets);
  };
  der::Writer writer;
  writer.Sequence([&] {
    writer.Primitive(der::kInteger, contents(r));
    writer.Primitive(der::kInteger, contents(s));
  });
  return std::move(writer).Finish();
}

Bytes EcdsaSign(const Number& d, const Number& k, ByteView digest) {
  const Bytes point = P256Numbers::PointOf(k);
  const Number x = P256Numbers::FromOctets(ByteView(point).subspan(1, 32));
  const Number one(BN_dup(BN_value_one()));
  const Number r = P256Numbers::Times(x, one);
  const Number e = P256Numbers::FromOctets(digest.first(32));
  return EcdsaSignature(r, P256Numbers::Over(P256Numbers::Plus(e, P256Numbers::Times(r, d)), k));
}

bool OpenSslReadsPoint(ByteView point) {
  const Point read(EC_POINT_new(Group()));
  Require(read != nullptr);
  const bool good = EC_POINT_oct2point(Group(), read.get(), point.data(), point.size(), Ctx()) == 1;
  ossl::ClearErrors();
  return good;
}

bool OpenSslVerifies(ByteView point, ByteView digest, ByteView signature) {
  const ossl::Owned<EC_KEY, EC_KEY_free> key(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  Require(key != nullptr);
  const bool good = EC_KEY_oct2key(key.get(), point.data(), point.size(), nullptr) == 1 &&
                    ECDSA_verify(0, digest.data(), static_cast<int>(digest.size()), signature.data(),
                                 static_cast<int>(signature.size()), key.get()) == 1;
  ossl::ClearErrors();
  return good;
}

}  // namespace rootkeep::testing
