// Evidence that a key is in a TPM: made by one, judged by the verifier, and attacked with what a TPM signs for anybody.
#include "attestation/attester/key_evidence.h"

#include "attestation/attester/ak.h"
#include "attestation/verifier/key_evidence.h"
#include "attestation/verifier/reasons.h"
#include "attestation/wire/public_area.h"
#include "attestation/wire/public_key.h"
#include "tests/support/matchers.h"
#include "tests/support/tpm_attest.h"
#include "tests/support/tpm_forgery.h"
#include "tests/support/tpm_node_key.h"

namespace rootkeep::attestation {
namespace {

using testing::Attested;
using testing::Esys;
using testing::HasReason;
using testing::IsOk;
using testing::SwTpm;
using testing::TpmNodeKey;

Deadline Soon() { return After(std::chrono::seconds(60)); }

std::shared_ptr<tpm2::Tpm> Open(const SwTpm& tpm) { return *tpm2::Tpm::Open({.transport = {.tcti = tpm.tcti()}}); }

// What a record has of a TPM whose AK this is.
Bytes NameOf(const KeyEvidence& evidence) { return Name(*ParsePublicArea(evidence.ak_public)).value(); }

class KeyEvidenceTest : public ::testing::Test {
 protected:
  static KeyEvidence Make(const SwTpm& tpm, const TpmNodeKey& key) { return *MakeKeyEvidence(*Open(tpm), key, Soon()); }

  // The honest evidence with what this AK signed of this key in it.
  KeyEvidence With(const testing::TpmKey& ak, const testing::TpmKey& key, const Result<Attested>& certification) {
    EXPECT_THAT(certification, IsOk());
    return {.ak_public = ak.encoded,
            .key_public = key.encoded,
            .certify_attest = certification->attest,
            .certify_signature = certification->signature};
  }

  const SwTpm tpm_;
  const TpmNodeKey key_{tpm_};
  const KeyEvidence honest_ = Make(tpm_, key_);
  const Bytes ak_name_ = NameOf(honest_);
};

TEST_F(KeyEvidenceTest, SaysWhichKeyIsInTheTpm) {
  ASSERT_OK_AND_ASSIGN(const Bytes spki, CheckKeyEvidence(honest_, ak_name_));
  EXPECT_EQ(spki, SpkiOf(*ParsePublicArea(key_.public_area())).value());
  EXPECT_EQ(NameOf(Make(tpm_, TpmNodeKey(tpm_))), ak_name_) << "by the same AK each time";
}

TEST_F(KeyEvidenceTest, IsOfThatTpmAndNoOther) {
  const SwTpm other;
  const KeyEvidence others = Make(other, TpmNodeKey(other));
  EXPECT_THAT(CheckKeyEvidence(others, ak_name_), HasReason(reason::kKeyEvidenceAk));
  EXPECT_THAT(CheckKeyEvidence(honest_, {}), HasReason(reason::kKeyEvidenceAk)) << "a node that never proved itself";
  KeyEvidence mixed = others;
  mixed.ak_public = honest_.ak_public;
  EXPECT_THAT(CheckKeyEvidence(mixed, ak_name_), HasReason(reason::kCertifySignature));
}

TEST_F(KeyEvidenceTest, IsOfThatKeyAndNoOther) {
  const KeyEvidence another = Make(tpm_, TpmNodeKey(tpm_));
  KeyEvidence mixed = honest_;
  mixed.key_public = another.key_public;
  EXPECT_THAT(CheckKeyEvidence(mixed, ak_name_), HasReason(reason::kCertifyName));
}

// What an AK signs on other occasions, and other keys sign.
TEST_F(KeyEvidenceTest, IsNothingElseThatATpmSigns) {
  const Esys esys(tpm_);
  ASSERT_OK_AND_ASSIGN(const Bytes nonce, KeyEvidenceNonce());
  ASSERT_OK_AND_ASSIGN(const auto ak, CreatePrimary(esys, ESYS_TR_RH_ENDORSEMENT, testing::AkTemplate()));
  ASSERT_OK_AND_ASSIGN(const auto key, CreatePrimary(esys, ESYS_TR_RH_OWNER, testing::NodeKeyTemplate()));
  const KeyEvidence good = With(ak, key, Certify(esys, ak, key, nonce));
  ASSERT_THAT(CheckKeyEvidence(good, ak.name), IsOk());
  const auto check = [&](const KeyEvidence& evidence) { return CheckKeyEvidence(evidence, ak.name); };
  EXPECT_THAT(check(With(ak, key, Certify(esys, ak, key, Bytes(32, 1)))), HasReason(reason::kCertifyNonce));
  EXPECT_THAT(check(With(ak, key, Certify(esys, ak, key, {}))), HasReason(reason::kCertifyNonce));
  EXPECT_THAT(check(With(ak, key, Quote(esys, ak, nonce, {{.numbers = {0}}}))), HasReason(reason::kCertifyType));
  EXPECT_THAT(check(With(ak, key, NvCertify(esys, ak, nonce, key.name))), HasReason(reason::kCertifyType));
  EXPECT_THAT(check(With(ak, ak, Certify(esys, ak, ak, nonce))), HasReason(reason::kNodeKeyAttributes));
}

TEST_F(KeyEvidenceTest, IsByAnAkOfTheEndorsementHierarchy) {
  const Esys esys(tpm_);
  ASSERT_OK_AND_ASSIGN(const Bytes nonce, KeyEvidenceNonce());
  ASSERT_OK_AND_ASSIGN(const auto ak, CreatePrimary(esys, ESYS_TR_RH_OWNER, testing::AkTemplate()));
  ASSERT_OK_AND_ASSIGN(const auto key, CreatePrimary(esys, ESYS_TR_RH_OWNER, testing::NodeKeyTemplate()));
  EXPECT_THAT(CheckKeyEvidence(With(ak, key, Certify(esys, ak, key, nonce)), ak.name),
              HasReason(reason::kCertifySigner));
}

// Somebody else could meet a policy, and nothing is known of who that is.
TEST_F(KeyEvidenceTest, IsOfAKeyThatIsUsedByItsAuthValueAlone) {
  const Esys esys(tpm_);
  ASSERT_OK_AND_ASSIGN(const Bytes nonce, KeyEvidenceNonce());
  ASSERT_OK_AND_ASSIGN(const auto ak, CreatePrimary(esys, ESYS_TR_RH_ENDORSEMENT, testing::AkTemplate()));
  TPM2B_PUBLIC with_policy = testing::NodeKeyTemplate();
  with_policy.publicArea.authPolicy.size = 32;
  ASSERT_OK_AND_ASSIGN(const auto key, CreatePrimary(esys, ESYS_TR_RH_OWNER, with_policy));
  EXPECT_THAT(CheckKeyEvidence(With(ak, key, Certify(esys, ak, key, nonce)), ak.name), HasReason(reason::kNodeKeyAuth));
}

TEST_F(KeyEvidenceTest, IsWhole) {
  for (Bytes KeyEvidence::* field : {&KeyEvidence::ak_public, &KeyEvidence::key_public, &KeyEvidence::certify_attest,
                                     &KeyEvidence::certify_signature}) {
    KeyEvidence without = honest_;
    (without.*field).clear();
    EXPECT_THAT(CheckKeyEvidence(without, ak_name_), HasReason("message_size"));
    KeyEvidence longer = honest_;
    (longer.*field).resize(5000);
    EXPECT_THAT(CheckKeyEvidence(longer, ak_name_), HasReason("message_size"));
    for (std::size_t i = 0; i < (honest_.*field).size(); ++i) {
      KeyEvidence bent = honest_;
      (bent.*field)[i] ^= 1;
      EXPECT_FALSE(CheckKeyEvidence(bent, ak_name_).ok()) << i;
    }
  }
}

}  // namespace
}  // namespace rootkeep::attestation
