// Signatures that are wrong, and signatures by another key.
#include "tests/unit/tools/chaos/module_fixture.h"

namespace rootkeep::chaos {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class SignatureTest : public ModuleTest {
 protected:
  void SetUp() override {
    ModuleTest::SetUp();
    session = OpenAndLogin();
    key = Find(session, CKO_PRIVATE_KEY, "signing");
  }

  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
};

struct Wrong {
  const char* kind;
  std::size_t size;
  CK_RV verified;
};

void PrintTo(const Wrong& wrong, std::ostream* os) { *os << wrong.kind; }

class WrongSignatureTest : public SignatureTest, public ::testing::WithParamInterface<Wrong> {};

TEST_P(WrongSignatureTest, IsGivenOnce) {
  const auto [kind, size, verified] = GetParam();
  chaos.Set(std::string("signature C_Sign ") + kind + " nth=2");
  ASSERT_EQ(Sign(session, key), CKR_OK);
  EXPECT_EQ(Verify(session, "signing"), CKR_OK);
  ASSERT_EQ(Sign(session, key), CKR_OK);
  EXPECT_EQ(signature.size(), size);
  EXPECT_EQ(Verify(session, "signing"), verified);
  ASSERT_EQ(Sign(session, key), CKR_OK);
  EXPECT_EQ(Verify(session, "signing"), CKR_OK);
  EXPECT_THAT(chaos.Faults("signature"),
              ElementsAre(AllOf(Has("kind", std::string(kind)), Has("function", "C_Sign"), Has("call", "2"),
                                Has("size", std::to_string(size)), Has("rv", "CKR_OK"))));
}

INSTANTIATE_TEST_SUITE_P(
    Each, WrongSignatureTest,
    ::testing::Values(Wrong{"flip", 64, CKR_SIGNATURE_INVALID}, Wrong{"short", 63, CKR_SIGNATURE_LEN_RANGE},
                      Wrong{"long", 66, CKR_SIGNATURE_LEN_RANGE}, Wrong{"overrun", 192, CKR_SIGNATURE_LEN_RANGE},
                      Wrong{"swap", 64, CKR_SIGNATURE_INVALID}, Wrong{"zero-r", 64, CKR_SIGNATURE_INVALID},
                      Wrong{"zero-s", 64, CKR_SIGNATURE_INVALID}, Wrong{"max", 64, CKR_SIGNATURE_INVALID}),
    [](const auto& test) {
      std::string name = test.param.kind;
      std::erase(name, '-');
      return name;
    });

TEST_F(SignatureTest, AskingForItsLengthIsNoSignature) {
  chaos.Set("signature C_Sign short nth=1");
  CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
  ASSERT_EQ(module->C_SignInit(session, &mechanism, key), CKR_OK);
  std::vector<CK_BYTE> digest(32, 7);
  std::vector<CK_BYTE> out(64);
  CK_ULONG size = 0;
  ASSERT_EQ(module->C_Sign(session, digest.data(), digest.size(), nullptr, &size), CKR_OK);
  EXPECT_EQ(size, 64U);
  ASSERT_EQ(module->C_Sign(session, digest.data(), digest.size(), out.data(), &size), CKR_OK);
  EXPECT_EQ(size, 63U);
}

TEST_F(SignatureTest, AnotherKeySigns) {
  chaos.Set("other-key C_SignInit nth=1");
  ASSERT_EQ(Sign(session, key), CKR_OK);
  EXPECT_EQ(Verify(session, "signing"), CKR_SIGNATURE_INVALID);
  EXPECT_EQ(Verify(session, "decoy"), CKR_OK);
  ASSERT_EQ(Sign(session, key), CKR_OK);
  EXPECT_EQ(Verify(session, "signing"), CKR_OK);
  EXPECT_THAT(chaos.Faults("other-key"), ElementsAre(AllOf(Has("function", "C_SignInit"), Has("call", "1"))));
}

TEST_F(SignatureTest, WithoutAnotherKeyTheSameSignsAndTheLogSaysSo) {
  chaos.Set("other-key C_SignInit label=nobody");
  ASSERT_EQ(Sign(session, key), CKR_OK);
  EXPECT_EQ(Verify(session, "signing"), CKR_OK);
  EXPECT_THAT(chaos.Faults("other-key"), SizeIs(0));
  EXPECT_THAT(chaos.Faults("no-other-key"), AllOf(SizeIs(1), Each(Has("function", "C_SignInit"))));
}

}  // namespace
}  // namespace rootkeep::chaos
