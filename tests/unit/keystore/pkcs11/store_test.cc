// What the conformance suite does not ask of every backend: tokens, selectors, PINs and URIs of PKCS#11.
#include "keystore/pkcs11/store.h"

#include "tests/support/matchers.h"
#include "tests/support/softhsm.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::Says;
using rootkeep::testing::SoftHsm;
using std::chrono::seconds;

Deadline Soon() { return After(seconds(20)); }

TEST(Store, MakesOpensAndSigns) {
  SoftHsm hsm;
  const auto store = hsm.OpenStore();
  ASSERT_OK_AND_ASSIGN(const KeyInfo made, store->Create({.use = KeyUse::kRootkeepCa, .name = "mesh"}, Soon()));
  EXPECT_EQ(made.label, "rk/rootkeep-ca/mesh/1");
  EXPECT_EQ(made.id.size(), 16U);
  EXPECT_TRUE(made.device.software);
  EXPECT_EQ(made.voucher, Voucher::kTokenSoftware);
  EXPECT_THAT(CheckCustody(made, KeyUse::kRootkeepCa, CustodyLevel::kLocalOnly, false), IsOk());

  ASSERT_OK_AND_ASSIGN(const auto signer, store->Open(made.uri, Soon()));
  ASSERT_OK_AND_ASSIGN(const Bytes digest, Digest(Hash::kSha256, AsBytes("to be signed")));
  ASSERT_OK_AND_ASSIGN(const Bytes signature, signer->Sign(SignatureScheme::kEcdsaSha256, digest, Soon()));
  EXPECT_THAT(made.public_key.Verify(SignatureScheme::kEcdsaSha256, digest, signature), IsOk());
}

TEST(Store, WantsASelector) {
  SoftHsm hsm;
  EXPECT_THAT(OpenStore(hsm.module(), {}, {}), HasCode(Code::kInvalidArgument));
}

TEST(Store, NamesTheTokensThatAreThere) {
  SoftHsm hsm;
  const auto store = hsm.OpenStore("elsewhere");
  const auto status = store->health()->Probe(Soon());
  EXPECT_THAT(status, HasReason("token_absent"));
  EXPECT_THAT(status, Says("\"rootkeep-test\""));
}

TEST(Store, TwoTokensWithOneLabelAreAmbiguousUntilTheSerialIsGiven) {
  SoftHsm hsm;
  hsm.AddToken(SoftHsm::kLabel);
  EXPECT_THAT(hsm.OpenStore()->health()->Probe(Soon()), HasReason("token_ambiguous"));
  ASSERT_OK_AND_ASSIGN(const auto tokens, ListTokens(*hsm.module(), Soon()));
  ASSERT_EQ(tokens.size(), 2U);
  ASSERT_OK_AND_ASSIGN(const auto pin, PinSource::Parse(hsm.pin_source()));
  ASSERT_OK_AND_ASSIGN(const auto store, OpenStore(hsm.module(), {.serial = tokens[0].serial}, pin));
  EXPECT_THAT(store->health()->Probe(Soon()), IsOk());
}

}  // namespace
}  // namespace rootkeep::pkcs11
