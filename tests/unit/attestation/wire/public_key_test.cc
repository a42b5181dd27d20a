#include "attestation/wire/public_key.h"

#include <openssl/core_names.h>

#include <utility>

#include "tests/unit/attestation/wire/octets.h"

namespace rootkeep::attestation {
namespace {

using testing::HasReason;
using testing::Says;

Bytes Spki(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  Bytes spki(der, der + size);
  OPENSSL_free(der);
  return spki;
}

Bytes Number(EVP_PKEY* key, const char* name, std::size_t size) {
  BIGNUM* raw = nullptr;
  EVP_PKEY_get_bn_param(key, name, &raw);
  const ossl::BigNum number(raw);
  Bytes octets(size);
  BN_bn2binpad(number.get(), octets.data(), static_cast<int>(size));
  return octets;
}

PublicArea EccArea(EVP_PKEY* key, Curve curve) {
  const std::size_t size = CoordinateSize(curve);
  PublicArea area;
  area.key = EccKey{.curve = curve,
                    .x = Number(key, OSSL_PKEY_PARAM_EC_PUB_X, size),
                    .y = Number(key, OSSL_PKEY_PARAM_EC_PUB_Y, size)};
  return area;
}

TEST(PublicKey, OfACurveHasTheSpkiThatOpensslWrites) {
  for (const auto& [curve, name] :
       {std::pair{Curve::kP256, "P-256"}, std::pair{Curve::kP384, "P-384"}, std::pair{Curve::kP521, "P-521"}}) {
    const ossl::PKey key(EVP_EC_gen(name));
    EXPECT_EQ(ToHex(SpkiOf(EccArea(key.get(), curve)).value()), ToHex(Spki(key.get()))) << name;
  }
}

// Some TPMs leave leading zero octets out.
TEST(PublicKey, PadsShortCoordinates) {
  ossl::PKey key;
  PublicArea area;
  do {
    key.reset(EVP_EC_gen("P-256"));
    area = EccArea(key.get(), Curve::kP256);
  } while (std::get<EccKey>(area.key).x.front() != 0);
  Bytes& x = std::get<EccKey>(area.key).x;
  x.erase(x.begin());
  EXPECT_EQ(ToHex(SpkiOf(area).value()), ToHex(Spki(key.get())));
}

TEST(PublicKey, RefusesAPointOffItsCurve) {
  const ossl::PKey key(EVP_EC_gen("P-256"));
  PublicArea area = EccArea(key.get(), Curve::kP256);
  std::get<EccKey>(area.key).y.back() ^= 1;
  EXPECT_THAT(SpkiOf(area), HasReason(kReasonStructure));
  std::get<EccKey>(area.key).curve = Curve::kP384;
  EXPECT_THAT(ToPKey(area), HasReason(kReasonStructure));
}

TEST(PublicKey, RefusesCoordinatesThatTheReaderWouldNot) {
  PublicArea area;
  area.key = EccKey{.x = Bytes(33), .y = Bytes(32)};
  EXPECT_THAT(ToPKey(area), Says("longer than the curve's"));
}

class RsaKeys : public ::testing::Test {
 protected:
  static PublicArea Area(std::uint32_t exponent) {
    PublicArea area;
    area.key = RsaKey{.key_bits = 2048, .exponent = exponent, .modulus = Number(Key(), OSSL_PKEY_PARAM_RSA_N, 256)};
    return area;
  }
  static EVP_PKEY* Key() {
    static const ossl::PKey& key = *new ossl::PKey(EVP_RSA_gen(2048));
    return key.get();
  }
};

TEST_F(RsaKeys, GiveTheSpkiThatOpensslWrites) {
  EXPECT_EQ(ToHex(SpkiOf(Area(65537)).value()), ToHex(Spki(Key())));
  EXPECT_EQ(ToHex(SpkiOf(Area(0)).value()), ToHex(Spki(Key())));  // 0 stands for 65537
  EXPECT_NE(ToHex(SpkiOf(Area(3)).value()), ToHex(Spki(Key())));
}

TEST_F(RsaKeys, RefuseExponentsThatAreNone) {
  for (const std::uint32_t exponent : {1U, 2U, 65536U}) EXPECT_THAT(ToPKey(Area(exponent)), Says("exponent"));
}

TEST_F(RsaKeys, RefuseModuliThatAreNone) {
  PublicArea even = Area(0);
  std::get<RsaKey>(even.key).modulus.back() &= 0xfe;
  EXPECT_THAT(ToPKey(even), HasReason(kReasonStructure));
  PublicArea small = Area(0);
  std::get<RsaKey>(small.key).modulus.front() &= 0x7f;
  EXPECT_THAT(ToPKey(small), HasReason(kReasonStructure));
}

}  // namespace
}  // namespace rootkeep::attestation
