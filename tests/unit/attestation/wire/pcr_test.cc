#include "attestation/wire/pcr.h"

#include "tests/unit/attestation/wire/octets.h"

namespace rootkeep::attestation {
namespace {

using ::testing::ElementsAre;
using testing::HasReason;
using testing::Says;

TEST(PcrSelections, AreReadStrictly) {
  const Bytes octets = Hex("00000002 0004 03 000000 000b 03 850080");
  ExpectStrict(&ParsePcrSelections, octets);
  const auto selections = ParsePcrSelections(octets).value();
  ASSERT_EQ(selections.size(), 2U);
  EXPECT_EQ(selections[0], SelectPcrs(Algorithm::kSha1, {}));
  EXPECT_EQ(selections[1], SelectPcrs(Algorithm::kSha256, {0, 2, 7, 23}));
}

TEST(PcrSelections, MayBeNone) { ExpectStrict(&ParsePcrSelections, Hex("00000000")); }

TEST(PcrSelections, RefuseMoreBanksThanATpmHas) {
  std::string most = "00000010";
  for (int i = 0; i < 16; ++i) most += "000b03000000";
  ExpectStrict(&ParsePcrSelections, Hex(most));
  most += "000b03000000";
  most.replace(0, 8, "00000011");
  EXPECT_THAT(ParsePcrSelections(Hex(most)), HasReason(kReasonStructure));
  EXPECT_THAT(ParsePcrSelections(Hex("ffffffff 000b 03 000000")), Says("at most 16"));
}

TEST(PcrSelections, RefuseBitmapsThatAreNotThreeOctets) {
  EXPECT_THAT(ParsePcrSelections(Hex("00000001 000b 02 0000")), Says("bitmap of 2 octets"));
  EXPECT_THAT(ParsePcrSelections(Hex("00000001 000b 04 00000000")), Says("bitmap of 4 octets"));
}

TEST(PcrSelections, RefuseBanksThatAreNoHashFunction) {
  EXPECT_THAT(ParsePcrSelections(Hex("00000001 0001 03 000000")), Says("no hash function"));
}

TEST(PcrSelection, GivesItsIndicesInAscendingOrder) {
  const PcrSelection selection = SelectPcrs(Algorithm::kSha256, {23, 8, 0});
  EXPECT_THAT(SelectedPcrs(selection), ElementsAre(0, 8, 23));
  EXPECT_TRUE(IsSelected(selection, 8));
  EXPECT_FALSE(IsSelected(selection, 9));
  EXPECT_FALSE(IsSelected(selection, 24));
  EXPECT_FALSE(IsSelected(selection, 255));
  EXPECT_EQ(SelectPcrs(Algorithm::kSha256, {24, 255}), SelectPcrs(Algorithm::kSha256, {}));
}

}  // namespace
}  // namespace rootkeep::attestation
