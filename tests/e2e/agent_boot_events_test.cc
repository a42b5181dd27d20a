// A node whose group accepts what is on a list of events, by its boot log.
#include "attestation/wire/messages.h"
#include "tests/e2e/agent_attestation_fixture.h"
#include "tests/support/boot_log.h"
#include "tests/support/measured_boot.h"
#include "tests/support/tpm_attest.h"

namespace rootkeep::testing {
namespace {

using attestation::EventType;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Sha256Of(std::string_view measured) {
  return ToHex(attestation::TpmHash(attestation::Algorithm::kSha256, AsBytes(measured)).value());
}

class AgentBootEvents : public AgentAttestation {
 protected:
  [[nodiscard]] std::string Accepted() const override {
    return "      pcrs: [4]\n      generations:\n        - name: shim\n          pcrs:\n            - pcr: 4\n"
           "              events: [{type: EV_EFI_BOOT_SERVICES_APPLICATION, digests: [" +
           Sha256Of("shim") + "]}]\n";
  }
  // As the kernel shows it.
  void ShowLog() const { ASSERT_THAT(WriteFileAtomically(File("boot.log"), AsText(Encode(log_)), 0600), IsOk()); }
  void Boot() {
    ASSERT_THAT(ExtendAsLogged(Esys(tpm_), log_), IsOk());
    ASSERT_NO_FATAL_FAILURE(ShowLog());
  }
  // More than the list has.
  void StartBootkit() {
    Measure(log_, 4, EventType::kBootServicesApplication, Bytes(32), AsBytes("bootkit"));
    ASSERT_THAT(ExtendPcr(Esys(tpm_), 4, FromHex(Sha256Of("bootkit")).value()), IsOk());
  }
  [[nodiscard]] std::string LogFile() const { return "      boot_log_file: " + File("boot.log") + "\n"; }
  [[nodiscard]] bool AttestsTimes(int count) const {
    return Eventually([this, count] { return Count("node_attested") == count; });
  }
  // With another node key, so that it cannot do with the certificate that it has.
  void Renew() const {
    const ProgramResult retired =
        RunProgram({ROOTKEEP_BINARY, "key", "retire", "rk/node/node/1", "--state", File("agent-state")});
    ASSERT_EQ(retired.exit_code, 0) << retired.err;
  }

  attestation::BootLog log_ = HonestBootLog(true);
};

TEST_F(AgentBootEvents, OneMoreThanTheListHasIsRefusedAtTheRenewal) {
  ASSERT_NO_FATAL_FAILURE(Boot());
  ASSERT_NO_FATAL_FAILURE(StartAgent(tpm_, LogFile()));
  ASSERT_TRUE(AttestsTimes(1)) << Read("agent.log");
  EXPECT_THAT(NodeSays(), AllOf(HasSubstr("attested"), HasSubstr("shim"))) << "the generation";

  ASSERT_NO_FATAL_FAILURE(StartBootkit());
  ASSERT_NO_FATAL_FAILURE(ShowLog());
  ASSERT_NO_FATAL_FAILURE(Renew());
  ASSERT_TRUE(Eventually([this] { return Count("certificate_not_renewed") >= 1; })) << Read("agent.log");
  EXPECT_THAT(Read("agent.log"), Not(HasSubstr("boot_event"))) << "the reason is the operator's";
  EXPECT_EQ(Count("node_attested"), 1);
  const std::string refused =
      "PCR 4 event 3: EV_EFI_BOOT_SERVICES_APPLICATION, " + Sha256Of("bootkit") + ": not allowed";
  EXPECT_THAT(NodeSays(), AllOf(HasSubstr("failed"), HasSubstr("boot_event_not_allowed"), HasSubstr(refused)));
  const ProgramResult tested = Rootkeep({"node", "policy", "test", "worker-7"});
  EXPECT_EQ(tested.exit_code, 1);
  EXPECT_THAT(tested.out, HasSubstr(refused)) << "though the log was not kept";
  const ProgramResult explained = Rootkeep({"node", "policy", "test", "worker-7", "--boot-log", File("boot.log")});
  EXPECT_EQ(explained.exit_code, 1);
  EXPECT_THAT(explained.err, HasSubstr("boot_event_not_allowed"));
  EXPECT_EQ(agent_->Stop(kPatience), 0);
}

// What root on the node would rather have the log say.
TEST_F(AgentBootEvents, OneThatTheLogLeavesOutIsRefusedToo) {
  ASSERT_NO_FATAL_FAILURE(Boot());
  ASSERT_NO_FATAL_FAILURE(StartAgent(tpm_, LogFile()));
  ASSERT_TRUE(AttestsTimes(1)) << Read("agent.log");
  ASSERT_NO_FATAL_FAILURE(StartBootkit());
  ASSERT_NO_FATAL_FAILURE(Renew());
  ASSERT_TRUE(Eventually([this] { return Count("certificate_not_renewed") >= 1; })) << Read("agent.log");
  EXPECT_THAT(NodeSays(), AllOf(HasSubstr("failed"), HasSubstr("boot_log_replay")));

  tpm_.Reboot();
  log_ = HonestBootLog(true);
  ASSERT_NO_FATAL_FAILURE(Boot());
  ASSERT_EQ(Rootkeep({"node", "approve", "worker-7"}).exit_code, 0);
  EXPECT_TRUE(AttestsTimes(2)) << Read("agent.log");
  EXPECT_EQ(agent_->Stop(kPatience), 0);
}

}  // namespace
}  // namespace rootkeep::testing
