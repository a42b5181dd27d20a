#include "attestation/wire/id_object.h"

#include "tests/unit/attestation/wire/octets.h"

namespace rootkeep::attestation {
namespace {

using testing::HasReason;
using testing::Says;

TEST(IdObject, IsReadStrictly) {
  const Bytes octets = Hex("0008 0003 aabbcc 010203");
  ExpectStrict(&ParseIdObject, octets);
  EXPECT_EQ(ParseIdObject(octets).value(), (IdObject{Hex("aabbcc"), Hex("010203")}));
}

TEST(IdObject, RefusesSizesThatDoNotAgree) {
  EXPECT_THAT(ParseIdObject(Hex("0009 0003 aabbcc 010203")), Says("the size is wrong"));
  EXPECT_THAT(ParseIdObject(Hex("0007 0003 aabbcc 010203")), Says("the size is wrong"));
}

TEST(IdObject, RefusesEmptyParts) {
  EXPECT_THAT(ParseIdObject(Hex("0005 0000 010203")), Says("empty"));
  EXPECT_THAT(ParseIdObject(Hex("0007 0003 aabbcc 0102")), Says("empty"));
}

TEST(IdObject, LimitsSizes) {
  const IdObject most{Bytes(64, 1), Bytes(66, 2)};
  ExpectStrict(&ParseIdObject, Encode(most));
  EXPECT_EQ(Encode(most).size(), kMaxIdObjectSize);
  EXPECT_THAT(ParseIdObject(Encode(IdObject{Bytes(65, 1), Bytes(60, 2)})), HasReason(kReasonStructure));
  EXPECT_THAT(ParseIdObject(Encode(IdObject{Bytes(32, 1), Bytes(67, 2)})), Says("longer than a digest"));
}

TEST(EncryptedSecret, HasItsSizeInFront) {
  EXPECT_EQ(ToHex(RsaEncryptedSecret(Hex("aabb"))), "0002aabb");
  EXPECT_EQ(ToHex(EccEncryptedSecret(Hex("0011"), Hex("22"))),
            "0007000200110001"
            "22");
}

}  // namespace
}  // namespace rootkeep::attestation
