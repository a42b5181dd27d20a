// The rules about public areas, on keys that a TPM makes. Until a credential has been activated a public area is only
// words, so an attacker may also send any octets; those are in key_rules_test.cc.
#include <gtest/gtest.h>

#include "attestation/verifier/attempt.h"
#include "attestation/verifier/reasons.h"
#include "tests/support/matchers.h"
#include "tests/unit/attestation/verifier/lab.h"

namespace rootkeep::attestation {
namespace {

using testing::AttestNode;
using testing::EkKind;
using testing::HasReason;
using testing::IsOk;
using testing::Lab;

class Keys : public ::testing::Test {
 protected:
  Bytes Make(const TPM2B_PUBLIC& wanted, ESYS_TR hierarchy = ESYS_TR_RH_ENDORSEMENT) {
    Result<testing::TpmKey> key = CreatePrimary(esys_, hierarchy, wanted);
    EXPECT_THAT(key, IsOk());
    return key.ok() ? key->encoded : Bytes();
  }

  // A primary cannot be duplicated, but keys below it can.
  Bytes MakeChild(const TPM2B_PUBLIC& wanted) {
    const Result<testing::TpmKey> parent = CreatePrimary(esys_, ESYS_TR_RH_OWNER, testing::SrkTemplate());
    EXPECT_THAT(parent, IsOk());
    const Result<testing::TpmKey> key = CreateChild(esys_, *parent, wanted);
    EXPECT_THAT(key, IsOk());
    return key.ok() ? key->encoded : Bytes();
  }

  testing::Esys esys_{Lab::Shared().tpm};
};

TEST_F(Keys, OfManufactureAndOfTheTemplateAreEks) {
  for (const EkKind kind : {EkKind::kL1, EkKind::kL2, EkKind::kH3}) {
    ASSERT_OK_AND_ASSIGN(const auto key, testing::EndorsementKey(esys_, kind));
    ASSERT_OK_AND_ASSIGN(const EndorsementKey ek, CheckEk(key.encoded));
    EXPECT_EQ(ek.name, key.name);
  }
}

TEST_F(Keys, OfTheHighRangeAreEks) {  // H-1, H-2
  for (const bool rsa : {true, false}) {
    TPM2B_PUBLIC high = testing::EkP256Template();
    TPMT_PUBLIC& area = high.publicArea;
    area.objectAttributes |= TPMA_OBJECT_USERWITHAUTH;
    const Bytes policy_b = *FromHex("ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0");
    std::ranges::copy(policy_b, area.authPolicy.buffer);
    area.unique = {};
    if (rsa) {
      area.type = TPM2_ALG_RSA;
      area.parameters.rsaDetail = {.symmetric = area.parameters.eccDetail.symmetric,
                                   .scheme = {.scheme = TPM2_ALG_NULL},
                                   .keyBits = 2048,
                                   .exponent = 0};
    }
    EXPECT_THAT(CheckEk(Make(high)), IsOk());
  }
}

TEST_F(Keys, ForOtherThingsAreNoEks) {
  EXPECT_THAT(CheckEk(Make(testing::SrkTemplate())), HasReason(reason::kEkTemplate));
  EXPECT_THAT(CheckEk(Make(testing::AkTemplate())), HasReason(reason::kEkAttributes));
  EXPECT_THAT(CheckEk(Make(testing::NodeKeyTemplate())), HasReason(reason::kEkAttributes));
}

TEST_F(Keys, ThatTheAttackerMayUseOtherwiseAreNoEks) {
  TPM2B_PUBLIC open = testing::EkP256Template();  // anybody may use it by an auth value, and no policy holds
  open.publicArea.objectAttributes |= TPMA_OBJECT_USERWITHAUTH;
  open.publicArea.authPolicy.size = 0;
  EXPECT_THAT(CheckEk(Make(open)), HasReason(reason::kEkTemplate));
  TPM2B_PUBLIC weak = testing::EkP256Template();
  weak.publicArea.objectAttributes &= ~TPMA_OBJECT_RESTRICTED;  // it decrypts what it is given
  weak.publicArea.parameters.eccDetail.symmetric = {.algorithm = TPM2_ALG_NULL};
  EXPECT_THAT(CheckEk(Make(weak)), HasReason(reason::kEkAttributes));
  TPM2B_PUBLIC leaving = testing::EkP256Template();
  leaving.publicArea.objectAttributes &= ~(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT);
  EXPECT_THAT(CheckEk(MakeChild(leaving)), HasReason(reason::kEkAttributes));
}

TEST_F(Keys, OfTheTemplatesAreAks) {
  EXPECT_THAT(CheckAk(Make(testing::AkTemplate())), IsOk());
  EXPECT_THAT(CheckAk(Make(testing::RsaAkTemplate())), IsOk());
}

TEST_F(Keys, OfTheStrongerKindAreAks) {  // P-384 with SHA-384, RSAPSS
  TPM2B_PUBLIC p384 = testing::AkTemplate();
  p384.publicArea.nameAlg = TPM2_ALG_SHA384;
  p384.publicArea.parameters.eccDetail.curveID = TPM2_ECC_NIST_P384;
  p384.publicArea.parameters.eccDetail.scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA384;
  TPM2B_PUBLIC pss = testing::RsaAkTemplate();
  pss.publicArea.parameters.rsaDetail.scheme.scheme = TPM2_ALG_RSAPSS;
  for (const TPM2B_PUBLIC& ak : {p384, pss}) {
    const AttestNode node(Lab::Shared().tpm, {.ak = ak});
    testing::Exchange exchange = testing::Start(node);
    const Verdict verdict = exchange.Verify(node.Answer(exchange.init, exchange.challenge));
    EXPECT_TRUE(verdict.passed) << verdict.explanation;
  }
}

TEST_F(Keys, ThatTheTpmMakesAndNobodyShouldTrustAreNoAks) {
  const auto with = [](auto change) {
    TPM2B_PUBLIC result = testing::AkTemplate();
    change(result.publicArea);
    return result;
  };
  EXPECT_THAT(CheckAk(Make(with([](TPMT_PUBLIC& area) { area.objectAttributes &= ~TPMA_OBJECT_RESTRICTED; }))),
              HasReason(reason::kAkNotRestricted));
  EXPECT_THAT(CheckAk(MakeChild(with([](TPMT_PUBLIC& area) {
                area.objectAttributes &= ~(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT);
              }))),
              HasReason(reason::kAkNotFixed));
  EXPECT_THAT(CheckAk(Make(with([](TPMT_PUBLIC& area) { area.objectAttributes |= TPMA_OBJECT_STCLEAR; }))),
              HasReason(reason::kAkAttributes));
  EXPECT_THAT(CheckAk(Make(with([](TPMT_PUBLIC& area) { area.nameAlg = TPM2_ALG_SHA1; }))),
              HasReason(reason::kAkNameHash));
  EXPECT_THAT(CheckAk(Make(with(
                  [](TPMT_PUBLIC& area) { area.parameters.eccDetail.scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA1; }))),
              HasReason(reason::kAkScheme));
  EXPECT_THAT(CheckAk(Make(with([](TPMT_PUBLIC& area) {
                area.parameters.eccDetail.scheme.scheme = TPM2_ALG_ECDAA;
                area.parameters.eccDetail.scheme.details.ecdaa = {.hashAlg = TPM2_ALG_SHA256, .count = 0};
              }))),
              HasReason(reason::kAkScheme));
  EXPECT_THAT(CheckAk(Make(with([](TPMT_PUBLIC& area) { area.authPolicy.size = 32; }))), HasReason(reason::kAkPolicy));
  EXPECT_THAT(CheckAk(Make(testing::SrkTemplate())), HasReason(reason::kAkNotSigning));
}

TEST_F(Keys, ForTlsAreNodeKeys) {
  EXPECT_THAT(CheckNodeKey(Make(testing::NodeKeyTemplate(), ESYS_TR_RH_OWNER)), IsOk());
  TPM2B_PUBLIC fixed_scheme = testing::NodeKeyTemplate();
  fixed_scheme.publicArea.parameters.eccDetail.scheme.scheme = TPM2_ALG_ECDSA;
  fixed_scheme.publicArea.parameters.eccDetail.scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
  EXPECT_THAT(CheckNodeKey(Make(fixed_scheme)), IsOk());
  TPM2B_PUBLIC rsa = testing::RsaAkTemplate();
  rsa.publicArea.objectAttributes &= ~TPMA_OBJECT_RESTRICTED;
  rsa.publicArea.parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
  EXPECT_THAT(CheckNodeKey(Make(rsa)), IsOk());
}

TEST_F(Keys, ThatAreNotForTlsAloneAreNoNodeKeys) {  // C7, C8
  EXPECT_THAT(CheckNodeKey(Make(testing::AkTemplate())), HasReason(reason::kNodeKeyAttributes));
  EXPECT_THAT(CheckNodeKey(Make(testing::SrkTemplate())), HasReason(reason::kNodeKeyAttributes));
  TPM2B_PUBLIC leaving = testing::NodeKeyTemplate();
  leaving.publicArea.objectAttributes &= ~(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT);
  EXPECT_THAT(CheckNodeKey(MakeChild(leaving)), HasReason(reason::kNodeKeyAttributes));
  TPM2B_PUBLIC both = testing::NodeKeyTemplate();
  both.publicArea.objectAttributes |= TPMA_OBJECT_DECRYPT;
  EXPECT_THAT(CheckNodeKey(Make(both)), HasReason(reason::kNodeKeyAttributes));
  TPM2B_PUBLIC sha1 = testing::NodeKeyTemplate();
  sha1.publicArea.nameAlg = TPM2_ALG_SHA1;
  EXPECT_THAT(CheckNodeKey(Make(sha1)), HasReason(reason::kNodeKeyScheme));
  TPM2B_PUBLIC anonymous = testing::NodeKeyTemplate();
  anonymous.publicArea.parameters.eccDetail.scheme.scheme = TPM2_ALG_ECDAA;
  anonymous.publicArea.parameters.eccDetail.scheme.details.ecdaa.hashAlg = TPM2_ALG_SHA256;
  EXPECT_THAT(CheckNodeKey(Make(anonymous)), HasReason(reason::kNodeKeyScheme));
}

TEST_F(Keys, AreUsedAsPolicyAllows) {  // C10
  const Bytes policy(32, 7);
  ASSERT_OK_AND_ASSIGN(const NodeKey plain, CheckNodeKey(Make(testing::NodeKeyTemplate())));
  TPM2B_PUBLIC guarded = testing::NodeKeyTemplate();
  guarded.publicArea.objectAttributes &= ~TPMA_OBJECT_USERWITHAUTH;
  guarded.publicArea.authPolicy.size = 32;
  std::ranges::copy(policy, guarded.publicArea.authPolicy.buffer);
  ASSERT_OK_AND_ASSIGN(const NodeKey by_policy, CheckNodeKey(Make(guarded)));
  TPM2B_PUBLIC useless = testing::NodeKeyTemplate();
  useless.publicArea.objectAttributes &= ~TPMA_OBJECT_USERWITHAUTH;
  ASSERT_OK_AND_ASSIGN(const NodeKey by_nobody, CheckNodeKey(Make(useless)));

  EXPECT_THAT(CheckNodeKeyAuth(plain, {}), IsOk());
  EXPECT_THAT(CheckNodeKeyAuth(by_policy, {.auth_policies = {policy}}), IsOk());
  EXPECT_THAT(CheckNodeKeyAuth(by_policy, {}), HasReason(reason::kNodeKeyAuth));
  EXPECT_THAT(CheckNodeKeyAuth(by_policy, {.auth_policies = {Bytes(32, 8)}}), HasReason(reason::kNodeKeyAuth));
  EXPECT_THAT(CheckNodeKeyAuth(by_nobody, {.auth_policies = {policy}}), HasReason(reason::kNodeKeyAuth));
}

TEST_F(Keys, AreBelowAStorageKeyOfTheOwner) {  // C6
  ASSERT_OK_AND_ASSIGN(const NodeKey key, CheckNodeKey(Make(testing::NodeKeyTemplate())));
  EXPECT_THAT(QualifiedNameBelow(Make(testing::SrkTemplate(), ESYS_TR_RH_OWNER), key), IsOk());
  EXPECT_FALSE(QualifiedNameBelow({}, key)->has_value());
  EXPECT_THAT(QualifiedNameBelow(Make(testing::AkTemplate()), key), HasReason(reason::kNodeKeyParent));
  EXPECT_THAT(QualifiedNameBelow(AsBytes("x"), key), HasReason(reason::kNodeKeyParent));
}

}  // namespace
}  // namespace rootkeep::attestation
