// Boot logs of nodes on TPM simulators, which explain a refusal, or are what a policy judges.
#include "attestation/verifier/boot_log_replay.h"
#include "tests/support/boot_log.h"
#include "tests/support/measured_boot.h"
#include "tests/unit/signer/node/attestor_fixture.h"

namespace rootkeep {
namespace {

using testing::ExtendAsLogged;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::SwTpm;
using testing::TestNode;
using Kind = NodeVerdict::Kind;
using enum FirstEnrolment;

class NodeBootLogTest : public testing::AttestorFixture {
 protected:
  // What the node's TPM and `log` together are judged as.
  NodeVerdict AttestWith(TestNode& node, const Bytes& log) {
    auto attempt = Begin(node).value();
    EXPECT_TRUE(attempt->challenge().want_boot_log);
    auto evidence = node.Answer(attempt->challenge());
    evidence.boot_log = log;
    return attestor_->Judge(std::move(attempt), evidence).value();
  }
};

TEST_F(NodeBootLogTest, SaysWhatChanged) {
  SwTpm tpm(*manufacturer_, "n1");
  std::optional<TestNode> node(tpm);
  const auto with = testing::HonestBootLog(true);
  const auto without = testing::HonestBootLog(false);
  NodeGroup group = testing::FreshNodes();
  group.want_boot_log = true;
  group.policy.pcrs.required = {7};
  const Bytes pcr7 = attestation::ReplayBootLog(with, attestation::Algorithm::kSha256).value()[7];
  group.policy.pcrs.generations = {{.name = "secure", .allowed = {{7, {pcr7}}}}};
  Configure(group, {{"n1", node->ek(), ""}}, kDeny);
  const auto attest = [&](const attestation::BootLog& log) { return AttestWith(*node, testing::Encode(log)); };
  ASSERT_THAT(ExtendAsLogged((**node).esys(), with), IsOk());
  ASSERT_EQ(attest(with).kind, Kind::kAttested);
  node.reset();
  tpm.Reboot();
  node.emplace(tpm);
  ASSERT_THAT(ExtendAsLogged((**node).esys(), without), IsOk());
  EXPECT_EQ(attest(without).kind, Kind::kRefused);
  EXPECT_TRUE(Get()->explanation.starts_with("PCR 7 differs: secure boot was on, now off\n")) << Get()->explanation;
}

TEST_F(NodeBootLogTest, IsJudgedEventByEvent) {
  const SwTpm tpm(*manufacturer_, "n1");
  TestNode node(tpm);
  const auto honest = testing::HonestBootLog(true);
  NodeGroup group = testing::FreshNodes();
  group.want_boot_log = true;
  group.policy.pcrs.required = {4};
  const Bytes shim = attestation::TpmHash(attestation::Algorithm::kSha256, AsBytes("shim")).value();
  group.policy.pcrs.generations = {
      {.name = "shim", .events = {{4, {{attestation::EventType::kBootServicesApplication, {shim}}}}}}};
  Configure(group, {{"n1", node.ek(), ""}}, kDeny);
  const auto attest = [&](const Bytes& log) { return AttestWith(node, log); };
  ASSERT_THAT(ExtendAsLogged((*node).esys(), honest), IsOk());
  const NodeVerdict right = attest(testing::Encode(honest));
  EXPECT_EQ(right.kind, Kind::kAttested) << right.reason << " " << right.explanation;
  EXPECT_EQ(right.generation, "shim");

  // Something else was started after it, which root on the machine would rather not have in the log.
  auto bootkit = honest;
  testing::Measure(bootkit, 4, attestation::EventType::kBootServicesApplication, Bytes(32), AsBytes("bootkit"));
  ASSERT_THAT(testing::ExtendPcr((*node).esys(), 4, bootkit.events.back().digests.back()), IsOk());
  const auto refused = [&](const Bytes& log) {
    NodeVerdict verdict = attest(log);
    EXPECT_EQ(verdict.kind, Kind::kRefused);
    EXPECT_EQ(Get()->state, NodeState::kFailed);
    Approve();
    return verdict;
  };
  EXPECT_EQ(refused(testing::Encode(honest)).reason, "boot_log_replay");
  EXPECT_EQ(refused({}).reason, "boot_log_missing");
  const NodeVerdict seen = refused(testing::Encode(bootkit));
  EXPECT_EQ(seen.reason, "boot_event_not_allowed");
  EXPECT_THAT(seen.explanation, HasSubstr("PCR 4 event 3: EV_EFI_BOOT_SERVICES_APPLICATION"));
  EXPECT_THAT(seen.explanation, HasSubstr("event 3: new: EV_EFI_BOOT_SERVICES_APPLICATION"));
}

}  // namespace
}  // namespace rootkeep
