#include "tools/rootkeep/software_key.h"

#include "signer/csr/csr.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep::cli {
namespace {

using ::testing::ElementsAre;
using testing::HasCode;
using testing::IsOk;

class SoftwareKeyTest : public ::testing::TestWithParam<KeyType> {};

TEST_P(SoftwareKeyTest, ItsRequestIsOneTheSignerAccepts) {
  ASSERT_OK_AND_ASSIGN(const auto key, MakeSoftwareKey(GetParam()));
  ASSERT_OK_AND_ASSIGN(const std::string pem,
                       MakeSoftwareCsr(key.get(), {GeneralNameFromText("spiffe://td/ns/a/sa/b"),
                                                   GeneralNameFromText("a.example"), GeneralNameFromText("::1")}));
  ASSERT_OK_AND_ASSIGN(const Csr csr, ParseCsr(pem));
  EXPECT_EQ(csr.spki, testing::SpkiOf(key.get()));
  EXPECT_EQ(csr.common_name, "");
  EXPECT_EQ(Describe(csr.sans), "spiffe://td/ns/a/sa/b, a.example, ::1");
  EXPECT_THAT(VerifyProofOfPossession(csr), IsOk());
}

TEST_P(SoftwareKeyTest, ComesBackFromPem) {
  ASSERT_OK_AND_ASSIGN(const auto key, MakeSoftwareKey(GetParam()));
  ASSERT_OK_AND_ASSIGN(const SecretBytes pem, PrivateKeyPem(key.get()));
  ASSERT_OK_AND_ASSIGN(const auto again, ParsePrivateKey(pem));
  EXPECT_EQ(testing::SpkiOf(again.get()), testing::SpkiOf(key.get()));
}

INSTANTIATE_TEST_SUITE_P(Types, SoftwareKeyTest,
                         ::testing::Values(KeyType::kEcP256, KeyType::kEcP384, KeyType::kEd25519, KeyType::kRsa2048));

TEST(SoftwareKeyPemTest, WithoutNamesThereIsNoExtension) {
  ASSERT_OK_AND_ASSIGN(const auto key, MakeSoftwareKey(KeyType::kEcP256));
  ASSERT_OK_AND_ASSIGN(const std::string pem, MakeSoftwareCsr(key.get(), {}));
  ASSERT_OK_AND_ASSIGN(const Csr csr, ParseCsr(pem));
  EXPECT_THAT(csr.sans, ElementsAre());
}

TEST(SoftwareKeyPemTest, RefusesWhatIsNoKey) {
  EXPECT_THAT(ParsePrivateKey(SecretBytes(std::string_view("hello"))), HasCode(Code::kInvalidArgument));
}

}  // namespace
}  // namespace rootkeep::cli
