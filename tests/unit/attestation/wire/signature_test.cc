#include "attestation/wire/signature.h"

#include "tests/unit/attestation/wire/octets.h"

namespace rootkeep::attestation {
namespace {

using testing::HasReason;
using testing::Says;

TEST(TpmSignature, ReadsRsa) {
  const Bytes octets = Hex("0014 000b 0003 010203");
  ExpectStrict(&ParseSignature, octets);
  EXPECT_EQ(ParseSignature(octets).value(),
            (Signature{Algorithm::kRsaSsa, Algorithm::kSha256, RsaSignature{Hex("010203")}}));
  ExpectStrict(&ParseSignature, Hex("0016 000d 0001 ff"));
}

TEST(TpmSignature, ReadsEcc) {
  const Bytes octets = Hex("0018 000c 0002 0102 0001 03");
  ExpectStrict(&ParseSignature, octets);
  EXPECT_EQ(ParseSignature(octets).value(),
            (Signature{Algorithm::kEcdsa, Algorithm::kSha384, EccSignature{Hex("0102"), Hex("03")}}));
  ExpectStrict(&ParseSignature, Hex("001a 0004 0001 01 0001 02"));  // ECDAA and SHA-1: for the caller to refuse
}

TEST(TpmSignature, RefusesOtherSchemes) {
  EXPECT_THAT(ParseSignature(Hex("0010")), Says("null is no signature scheme"));
  EXPECT_THAT(ParseSignature(Hex("0005 000b" + std::string(64, '0'))), Says("0x0005 is no signature scheme"));  // HMAC
  EXPECT_THAT(ParseSignature(Hex("001c 000b 0001 01 0001 01")), HasReason(kReasonStructure));  // EC Schnorr
  EXPECT_THAT(ParseSignature(Hex("0018 0010 0001 01 0001 01")), Says("no hash function"));
}

TEST(TpmSignature, RefusesEmptyParts) {
  EXPECT_THAT(ParseSignature(Hex("0014 000b 0000")), Says("empty"));
  EXPECT_THAT(ParseSignature(Hex("0018 000b 0000 0001 01")), Says("empty"));
  EXPECT_THAT(ParseSignature(Hex("0018 000b 0001 01 0000")), Says("empty"));
}

TEST(TpmSignature, LimitsSizes) {
  const std::string octet = "01";
  std::string most_rsa;
  for (std::size_t i = 0; i < kMaxRsaSize; ++i) most_rsa += octet;
  ExpectStrict(&ParseSignature, Hex("0014 000b 0200" + most_rsa));
  EXPECT_THAT(ParseSignature(Hex("0014 000b 0201" + most_rsa + octet)), HasReason(kReasonStructure));
  const std::string most_ecc = most_rsa.substr(0, 2 * kMaxEccSize);
  ExpectStrict(&ParseSignature, Hex("0018 000b 0042" + most_ecc + "0042" + most_ecc));
  EXPECT_THAT(ParseSignature(Hex("0018 000b 0043" + most_ecc + "01 0001 01")), Says("at most 66 fit"));
}

}  // namespace
}  // namespace rootkeep::attestation
