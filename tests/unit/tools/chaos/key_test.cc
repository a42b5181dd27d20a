// Keys that pass themselves off as others.
#include "tests/unit/tools/chaos/module_fixture.h"

namespace rootkeep::chaos {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::SizeIs;

class KeyTest : public ModuleTest {
 protected:
  void SetUp() override {
    ModuleTest::SetUp();
    session = OpenAndLogin();
    signing = Find(session, CKO_PRIVATE_KEY, "signing");
    decoy = Find(session, CKO_PRIVATE_KEY, "decoy");
    decoy_point = Read(session, Find(session, CKO_PUBLIC_KEY, "decoy"), CKA_EC_POINT);
    ASSERT_NE(signing, decoy);
  }

  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE signing = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE decoy = CK_INVALID_HANDLE;
  std::string decoy_point;
};

TEST_F(KeyTest, BothHalvesAreSwappedUnderTheSameLabel) {
  chaos.Set("swap-key label:signing label:decoy");
  const CK_OBJECT_HANDLE found = Find(session, CKO_PRIVATE_KEY, "signing");
  EXPECT_EQ(found, decoy);
  EXPECT_EQ(Read(session, found, CKA_LABEL), "signing");
  EXPECT_EQ(Read(session, found, CKA_ID), "\x01");
  const CK_OBJECT_HANDLE public_half = Find(session, CKO_PUBLIC_KEY, "signing");
  EXPECT_EQ(Read(session, public_half, CKA_EC_POINT), decoy_point);
  EXPECT_EQ(Read(session, public_half, CKA_LABEL), "signing");
  ASSERT_EQ(Sign(session, found), CKR_OK);
  EXPECT_EQ(Verify(session, "signing"), CKR_OK);  // it lies consistently
  EXPECT_THAT(chaos.Faults("swap-key"),
              AllOf(SizeIs(3), Each(AllOf(Has("function", "C_FindObjects"), Has("line", "1")))));
  chaos.Clear();
  EXPECT_EQ(Verify(session, "signing"), CKR_SIGNATURE_INVALID);
  EXPECT_EQ(Verify(session, "decoy"), CKR_OK);
  EXPECT_EQ(Read(session, decoy, CKA_LABEL), "decoy");
}

TEST_F(KeyTest, OnlyThePrivateHalfIsSwappedUnderTheSameId) {
  chaos.Set("swap-key id:01 id:02 class=private");
  EXPECT_EQ(FindById(session, CKO_PRIVATE_KEY, "\x01"), decoy);
  EXPECT_EQ(FindById(session, CKO_PRIVATE_KEY, "\x02"), decoy);
  EXPECT_NE(Read(session, FindById(session, CKO_PUBLIC_KEY, "\x01"), CKA_EC_POINT), decoy_point);
  ASSERT_EQ(Sign(session, decoy), CKR_OK);
  EXPECT_EQ(Verify(session, "signing"), CKR_SIGNATURE_INVALID);
  EXPECT_THAT(chaos.Faults("swap-key"), SizeIs(1));
}

}  // namespace
}  // namespace rootkeep::chaos
