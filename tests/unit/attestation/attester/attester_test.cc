// What the attester itself refuses, and what it leaves in the TPM. Whether its evidence convinces is in
// verdict_test.cc.
#include "attestation/attester/attester.h"

#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/tpm_node_key.h"

namespace rootkeep::testing {
namespace {

using attestation::Algorithm;
using attestation::AttestChallenge;
using attestation::Attester;
using attestation::AttestInit;
using attestation::SelectPcrs;

class AttesterTest : public ::testing::Test {
 protected:
  static std::shared_ptr<tpm2::Tpm> Open(const SwTpm& tpm) {
    return *tpm2::Tpm::Open({.transport = {.tcti = tpm.tcti()}});
  }
  static Deadline Soon() { return After(std::chrono::seconds(60)); }

  // Well formed, but made for no TPM.
  AttestChallenge Challenge() {
    AttestChallenge challenge{.session_id = Bytes(16, 1),
                              .server_nonce = Bytes(32, 2),
                              .pcrs = SelectPcrs(Algorithm::kSha256, {0, 7}),
                              .server_identity = server_};
    attestation::Writer object;
    attestation::Writer content;
    content.Sized(Bytes(32, 3));
    content.Octets(Bytes(34, 4));
    object.Sized(content.Take());
    challenge.id_object = object.Take();
    attestation::Writer point;
    attestation::Writer secret;
    point.Sized(Bytes(32, 5));
    point.Sized(Bytes(32, 6));
    secret.Sized(point.Take());
    challenge.encrypted_secret = secret.Take();
    return challenge;
  }

  const Bytes server_ = Bytes(32, 9);
  SwTpm simulator_;
  std::shared_ptr<tpm2::Tpm> tpm_ = Open(simulator_);
  TpmNodeKey key_{simulator_};
  Attester attester_{tpm_, {}};
};

TEST_F(AttesterTest, SaysWhatItIs) {
  ASSERT_OK_AND_ASSIGN(const AttestInit init, attester_.Begin("node-1", key_, Bytes(100, 1), Soon()));
  EXPECT_EQ(init.claimed_node_id, "node-1");
  EXPECT_EQ(init.protocol_version, 1u);
  EXPECT_EQ(init.tpm.manufacturer, "IBM");
  EXPECT_EQ(init.tpm.vendor, "SW   TPM");
  EXPECT_THAT(init.banks, ::testing::Contains(Algorithm::kSha256));
  EXPECT_EQ(init.node_key_public, key_.public_area());
  EXPECT_EQ(init.node_key_parent, key_.parent_area());
  EXPECT_THAT(CheckSizes(init), IsOk());
  ASSERT_OK_AND_ASSIGN(const AttestInit again, attester_.Begin("node-1", key_, Bytes(100, 1), Soon()));
  EXPECT_EQ(again.ek_public, init.ek_public);
  EXPECT_EQ(again.ak_public, init.ak_public);
  EXPECT_NE(again.agent_nonce, init.agent_nonce);
}

TEST_F(AttesterTest, RefusesAChallengeOfAnotherServer) {
  ASSERT_OK_AND_ASSIGN(const AttestInit init, attester_.Begin("node-1", key_, Bytes(100, 1), Soon()));
  const auto refused = attester_.Answer(init, Challenge(), Bytes(32, 8), key_, Soon());
  EXPECT_THAT(refused, HasReason("server_identity"));
  EXPECT_THAT(refused, HasCode(Code::kPermissionDenied));
  EXPECT_THAT(attester_.Answer(init, Challenge(), {}, key_, Soon()), HasReason("server_identity"));
}

TEST_F(AttesterTest, RefusesChallengesThatWouldProveNothing) {
  ASSERT_OK_AND_ASSIGN(const AttestInit init, attester_.Begin("node-1", key_, Bytes(100, 1), Soon()));
  AttestChallenge sha1 = Challenge();
  sha1.pcrs.bank = Algorithm::kSha1;
  EXPECT_THAT(attester_.Answer(init, sha1, server_, key_, Soon()), HasCode(Code::kInvalidArgument));
  AttestChallenge none = Challenge();
  none.pcrs.bitmap = {};
  EXPECT_THAT(attester_.Answer(init, none, server_, key_, Soon()), HasCode(Code::kInvalidArgument));
  AttestChallenge short_nonce = Challenge();
  short_nonce.server_nonce.pop_back();
  EXPECT_THAT(attester_.Answer(init, short_nonce, server_, key_, Soon()), HasReason("message_size"));
}

TEST_F(AttesterTest, FailuresLeaveNothingInTheTpm) {
  ASSERT_OK_AND_ASSIGN(const AttestInit init, attester_.Begin("node-1", key_, Bytes(100, 1), Soon()));
  for (int i = 0; i < 8; ++i) {
    EXPECT_FALSE(attester_.Answer(init, Challenge(), server_, key_, Soon()).ok());
  }
  // All three places for objects, one after the other, as another program would take them.
  const Esys esys(simulator_);
  for (const TPM2_HANDLE first : {0x80000000u, 0x02000000u, 0x03000000u}) {
    EsysOwned<TPMS_CAPABILITY_DATA> loaded;
    TPMI_YES_NO more = 0;
    ASSERT_EQ(Esys_GetCapability(esys.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES, first, 8,
                                 &more, loaded.out()),
              TSS2_RC_SUCCESS);
    EXPECT_EQ(loaded->data.handles.count, 0u) << std::hex << first;
  }
}

TEST_F(AttesterTest, AnotherTpmsAnswerIsNotGiven) {
  ASSERT_OK_AND_ASSIGN(const AttestInit init, attester_.Begin("node-1", key_, Bytes(100, 1), Soon()));
  const SwTpm other;
  const Attester elsewhere(Open(other), {});
  EXPECT_THAT(elsewhere.Answer(init, Challenge(), server_, key_, Soon()), HasReason("tpm_changed"));
}

TEST_F(AttesterTest, ATpmThatIsAwayIsToldAndFoundAgain) {
  simulator_.SwitchOff();
  EXPECT_THAT(attester_.Begin("node-1", key_, Bytes(100, 1), Soon()), HasReason("tpm_down"));
  simulator_.SwitchOn();
  EXPECT_TRUE(Eventually([&] { return attester_.Begin("node-1", key_, Bytes(100, 1), Soon()).ok(); }));
}

}  // namespace
}  // namespace rootkeep::testing
