// The agent attests its node to rootkeepd with a TPM, and gets the node's certificate for it.
#include "keystore/keysocket/backend/store.h"
#include "signer/authority/certificates.h"
#include "tests/e2e/agent_attestation_fixture.h"
#include "tests/support/mute_server.h"
#include "tests/support/tpm_attest.h"

namespace rootkeep::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(AgentAttestation, GetsTheNodesCertificateByNewEvidenceEachTime) {
  ASSERT_NO_FATAL_FAILURE(StartAgent(tpm_));
  ASSERT_TRUE(Eventually([this] { return !Read("chain.pem").empty(); })) << Read("agent.log");
  ASSERT_OK_AND_ASSIGN(const auto chain, ParseCertificates(Read("chain.pem")));
  EXPECT_THAT(NamesOf(chain.front().get()), ElementsAre("URI:spiffe://cluster.local/node/worker-7", "DNS:localhost",
                                                        "IP:7f000001", "IP:00000000000000000000000000000001"));
  EXPECT_FALSE(Read("bundle.pem").empty());
  EXPECT_THAT(NodeSays(), HasSubstr("attested"));
  // The key is the TPM's, and usable where it was granted.
  const auto store = keysocket::OpenStore(File("run") + "/keys");
  ASSERT_OK_AND_ASSIGN(const auto keys, store->List(After(kPatience)));
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys.front().device.label, "tpm0");
  ASSERT_OK_AND_ASSIGN(const PublicKey certified, PublicKeyOf(chain.front().get()));
  EXPECT_EQ(keys.front().public_key, certified);
  EXPECT_THAT(Read("key.pem"), HasSubstr("ROOTKEEP KEY REFERENCE"));

  ASSERT_NO_FATAL_FAILURE(StartAgain(tpm_));
  EXPECT_TRUE(Eventually([this] { return !Read("chain.pem").empty(); })) << Read("agent.log");
  EXPECT_EQ(Count("node_attested"), 2);
  EXPECT_EQ(Count("certificate_not_renewed"), 0) << Read("agent.log");
  EXPECT_EQ(Count("certificates_by_token_only"), 0) << "it shows no certificate, and no token";
  ASSERT_OK_AND_ASSIGN(const auto renewed, ParseCertificates(Read("chain.pem")));
  EXPECT_EQ(PublicKeyOf(renewed.front().get()).value(), certified);
  EXPECT_EQ(agent_->Stop(kPatience), 0);
}

TEST_F(AgentAttestation, AnotherEndorsementKeyMayBeNamed) {
  ASSERT_NO_FATAL_FAILURE(StartAgent(tpm_, "      endorsement_key: L-1\n"));
  EXPECT_TRUE(Eventually([this] { return Count("node_attested") >= 1; })) << Read("agent.log");
  EXPECT_EQ(agent_->Stop(kPatience), 0);
}

TEST_F(AgentAttestation, ANodeInAnotherStateIsRefusedUntilItIsRebootedAndApproved) {
  ASSERT_NO_FATAL_FAILURE(StartAgent(tpm_));
  ASSERT_TRUE(Eventually([this] { return Count("node_attested") >= 1; })) << Read("agent.log");
  ASSERT_THAT(ExtendPcr(Esys(tpm_), 7, Bytes(32, 1)), IsOk());
  ASSERT_NO_FATAL_FAILURE(StartAgain(tpm_));
  ASSERT_TRUE(Eventually([this] { return Count("certificate_not_renewed") >= 1; })) << Read("agent.log");
  EXPECT_THAT(Read("agent.log"), HasSubstr("refused this node's evidence"));
  EXPECT_THAT(Read("agent.log"), ::testing::Not(HasSubstr("pcr_mismatch"))) << "the reason is the operator's";
  EXPECT_THAT(NodeSays(), HasSubstr("pcr_mismatch"));
  EXPECT_EQ(Read("chain.pem"), "");
  tpm_.Reboot();
  const ProgramResult approved = Rootkeep({"node", "approve", "worker-7"});
  EXPECT_EQ(approved.exit_code, 0) << approved.err;
  EXPECT_TRUE(Eventually([this] { return !Read("chain.pem").empty(); })) << Read("agent.log");
  EXPECT_EQ(agent_->Stop(kPatience), 0);
}

TEST_F(AgentAttestation, ATpmOfNoKnownManufacturerGetsNothing) {
  const TpmManufacturer nobody;
  const SwTpm foreign(nobody, "worker-7");
  ASSERT_NO_FATAL_FAILURE(StartAgent(foreign));
  ASSERT_TRUE(Eventually([this] { return Count("certificate_not_renewed") >= 2; })) << Read("agent.log");
  EXPECT_EQ(Read("chain.pem"), "");
  EXPECT_THAT(Read("agent.log"), HasSubstr("request_id"));
  EXPECT_EQ(agent_->Stop(kPatience), 0);
}

TEST_F(AgentAttestation, AServiceThatHangsHoldsUpNoStop) {
  const MuteServer mute;
  service_ = mute.address();
  ASSERT_NO_FATAL_FAILURE(StartAgent(tpm_));
  ASSERT_TRUE(mute.AwaitCaller(kPatience)) << Read("agent.log");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(agent_->Stop(kPatience), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10)) << "an attestation's limit is 90";
  EXPECT_EQ(Count("stop_forced"), 0);
}

}  // namespace
}  // namespace rootkeep::testing
