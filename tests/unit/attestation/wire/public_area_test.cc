#include "attestation/wire/public_area.h"

#include "tests/unit/attestation/wire/octets.h"

namespace rootkeep::attestation {
namespace {

using testing::HasReason;
using testing::Says;

std::string Repeat(std::string_view octet, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += octet;
  return text;
}

// What a test changes in an area.
struct Rsa {
  std::string name_alg = "000b";
  std::string policy = "0000";
  std::string symmetric = "0010";
  std::string scheme = "0014 000b";
  std::string bits = "0800";
  std::string exponent = "00000000";
  std::string modulus = "0100" + Repeat("c1", 256);

  Result<PublicArea> Parse() const { return ParsePublicArea(Octets()); }
  Bytes Octets() const {
    return Hex("0001" + name_alg + "00050072" + policy + symmetric + scheme + bits + exponent + modulus);
  }
};

struct Ecc {
  std::string scheme = "0018 000b";
  std::string curve = "0003";
  std::string kdf = "0010";
  std::string x = "0020" + Repeat("a1", 32);
  std::string y = "0020" + Repeat("a2", 32);

  Result<PublicArea> Parse() const { return ParsePublicArea(Octets()); }
  Bytes Octets() const { return Hex("0023 000b 00050072 0000 0010" + scheme + curve + kdf + x + y); }
};

TEST(PublicArea, ReadsAnRsaKey) {
  ExpectStrict(&ParsePublicArea, Rsa{}.Octets());
  PublicArea expected;
  expected.name_alg = Algorithm::kSha256;
  expected.attributes = kFixedTpm | kFixedParent | kSensitiveDataOrigin | kUserWithAuth | kRestricted | kSign;
  expected.key =
      RsaKey{.scheme = {Algorithm::kRsaSsa, Algorithm::kSha256}, .key_bits = 2048, .modulus = Bytes(256, 0xc1)};
  EXPECT_EQ(Rsa{}.Parse().value(), expected);
}

TEST(PublicArea, ReadsAnEccKey) {
  ExpectStrict(&ParsePublicArea, Ecc{}.Octets());
  PublicArea expected;
  expected.name_alg = Algorithm::kSha256;
  expected.attributes = 0x00050072;
  expected.key = EccKey{.scheme = {Algorithm::kEcdsa, Algorithm::kSha256}, .x = Bytes(32, 0xa1), .y = Bytes(32, 0xa2)};
  EXPECT_EQ(Ecc{}.Parse().value(), expected);
}

TEST(PublicArea, ReadsAStorageKey) {
  const Rsa ek{
      .name_alg = "000c", .policy = "0030" + Repeat("b2", 48), .symmetric = "0006 0100 0043", .scheme = "0010"};
  ExpectStrict(&ParsePublicArea, ek.Octets());
  const PublicArea area = ek.Parse().value();
  EXPECT_EQ(area.symmetric, (SymmetricScheme{Algorithm::kAes, 256}));
  EXPECT_EQ(area.auth_policy, Bytes(48, 0xb2));
  EXPECT_EQ(std::get<RsaKey>(area.key).scheme, Scheme{});
}

TEST(PublicArea, KeepsReservedAttributesForTheCaller) {
  Bytes octets = Rsa{}.Octets();
  octets[4] = 0xff;
  EXPECT_EQ(ParsePublicArea(octets).value().attributes, 0xff050072);
}

TEST(PublicArea, ReadsOnlyRsaAndEcc) {
  Bytes octets = Rsa{}.Octets();
  octets[1] = 0x08;  // TPM_ALG_KEYEDHASH
  EXPECT_THAT(ParsePublicArea(octets), Says("0x0008 is neither RSA nor ECC"));
}

TEST(PublicArea, RefusesNameAlgorithmsThatItCannotCompute) {
  EXPECT_THAT(Rsa{.name_alg = "0010"}.Parse(), Says("no hash function"));
  EXPECT_THAT(Rsa{.name_alg = "0012"}.Parse(), HasReason(kReasonStructure));
}

TEST(PublicArea, RefusesAPolicyThatIsNoDigestOfTheNameAlgorithm) {
  EXPECT_TRUE(Rsa{.policy = "0020" + Repeat("00", 32)}.Parse().ok());
  EXPECT_THAT(Rsa{.policy = "0014" + Repeat("00", 20)}.Parse(), Says("authorisation policy"));
  EXPECT_THAT(Rsa{.policy = "0041" + Repeat("00", 65)}.Parse(), Says("at most 64 fit"));
}

TEST(PublicArea, RefusesSymmetricAlgorithmsOtherThanAesCfb) {
  EXPECT_TRUE(Rsa{.symmetric = "0006 00c0 0043"}.Parse().ok());
  EXPECT_THAT(Rsa{.symmetric = "0006 0080 0042"}.Parse(), Says("not AES-CFB"));  // CBC
  EXPECT_THAT(Rsa{.symmetric = "0006 0040 0043"}.Parse(), Says("not AES-CFB"));  // 64 bits
  EXPECT_THAT(Rsa{.symmetric = "0013 0080 0043"}.Parse(), Says("not AES-CFB"));  // SM4
}

TEST(PublicArea, RefusesSchemesOfAnotherKindOfKey) {
  for (const char* good : {"0010", "0014 000c", "0016 000d", "0015", "0017 0004"}) {
    ExpectStrict(&ParsePublicArea, Rsa{.scheme = good}.Octets());
  }
  EXPECT_THAT(Rsa{.scheme = "0018 000b"}.Parse(), Says("ecdsa is no scheme known here"));
  EXPECT_THAT(Rsa{.scheme = "0014 0010"}.Parse(), Says("no hash function"));
  for (const char* good : {"0010", "0018 000c", "001a 000b 0001", "0019 000b"}) {
    ExpectStrict(&ParsePublicArea, Ecc{.scheme = good}.Octets());
  }
  EXPECT_THAT(Ecc{.scheme = "0014 000b"}.Parse(), Says("rsassa is no scheme known here"));
  EXPECT_THAT(Ecc{.scheme = "001b 000b"}.Parse(), HasReason(kReasonStructure));  // SM2
}

TEST(PublicArea, RefusesOddRsaKeys) {
  ExpectStrict(&ParsePublicArea, Rsa{.bits = "0400", .modulus = "0080" + Repeat("c1", 128)}.Octets());
  ExpectStrict(&ParsePublicArea, Rsa{.bits = "1000", .modulus = "0200" + Repeat("c1", 512)}.Octets());
  EXPECT_THAT(Rsa{.bits = "0801"}.Parse(), Says("an RSA key of 2049 bits"));
  EXPECT_THAT(Rsa{.bits = "2000"}.Parse(), HasReason(kReasonStructure));
  EXPECT_THAT(Rsa{.modulus = "00ff" + Repeat("c1", 255)}.Parse(), Says("modulus"));
  EXPECT_THAT(Rsa{.modulus = "0101" + Repeat("c1", 257)}.Parse(), Says("modulus"));
  EXPECT_THAT(Rsa{.modulus = "0000"}.Parse(), Says("modulus"));  // a template
}

TEST(PublicArea, KeepsTheExponentAsEncoded) {
  const PublicArea implied = Rsa{}.Parse().value();
  const PublicArea spelled = Rsa{.exponent = "00010001"}.Parse().value();
  EXPECT_EQ(std::get<RsaKey>(implied.key).exponent, 0U);
  EXPECT_EQ(std::get<RsaKey>(spelled.key).exponent, 65537U);
  EXPECT_NE(Name(implied).value(), Name(spelled).value());  // two objects to a TPM
}

TEST(PublicArea, RefusesOddEccKeys) {
  ExpectStrict(&ParsePublicArea, Ecc{.curve = "0004"}.Octets());
  ExpectStrict(&ParsePublicArea, Ecc{.x = "0001 05"}.Octets());
  ExpectStrict(&ParsePublicArea, Ecc{.kdf = "0020 000b"}.Octets());
  ExpectStrict(&ParsePublicArea, Ecc{.curve = "0005", .x = "0042" + Repeat("01", 66)}.Octets());
  EXPECT_THAT(Ecc{.curve = "0001"}.Parse(), Says("the curve is none of"));  // P-192
  EXPECT_THAT(Ecc{.curve = "0010"}.Parse(), HasReason(kReasonStructure));   // BN P-256
  EXPECT_THAT(Ecc{.kdf = "0007 000b"}.Parse(), Says("no scheme known here"));
  EXPECT_THAT(Ecc{.x = "0021 00" + Repeat("a1", 32)}.Parse(), Says("at most 32 fit"));
  EXPECT_THAT(Ecc{.y = "0000"}.Parse(), Says("a coordinate is empty"));
}

TEST(PublicArea, LimitsItsSize) { EXPECT_THAT(ParsePublicArea(Bytes(1025)), Says("at most 1024 are read")); }

TEST(PublicArea, HasTheNameOfItsOctets) {
  const PublicArea area = Ecc{}.Parse().value();
  EXPECT_EQ(ToHex(Name(area).value()), "000b" + ToHex(TpmHash(Algorithm::kSha256, Ecc{}.Octets()).value()));
  const PublicArea other = Rsa{.name_alg = "000c"}.Parse().value();
  EXPECT_EQ(Name(other).value().size(), 50U);
}

}  // namespace
}  // namespace rootkeep::attestation
