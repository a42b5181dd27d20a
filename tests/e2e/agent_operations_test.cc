// What the agent tells its operators over HTTP.
#include "tests/e2e/agent_process.h"
#include "tests/support/program.h"
#include "tools/rootkeep/sandbox/daemon_log.h"

namespace rootkeep::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AgentOperations : public AgentProcess {
 protected:
  void SetUp() override {
    Write(Config("none", "operations:\n  - address: 127.0.0.1:0\n"));
    cli::DaemonLog log(LogFile());
    ASSERT_NO_FATAL_FAILURE(Start());
    ASSERT_TRUE(Eventually([&] {
      const auto lines = log.Next();
      for (const cli::LogLine& line : lines.value_or(std::vector<cli::LogLine>())) {
        if (line.event == "listening") address_ = line.Field("address");
      }
      return !address_.empty();
    })) << Log();
  }

  // `-f`: its exit status tells of an HTTP status from 400 on.
  [[nodiscard]] ProgramResult Get(const std::string& path) const {
    return RunProgram({"curl", "-sS", "--fail-with-body", "--noproxy", "*", "http://" + address_ + path});
  }
  [[nodiscard]] bool Shows(const std::string& line) const {
    return Get("/metrics").out.find("\n" + line + "\n") != std::string::npos;
  }

  std::string address_;
};

TEST_F(AgentOperations, CountsWhatItsSocketsDid) {
  ASSERT_OK_AND_ASSIGN(const auto key, Open("web", *web));
  for (int i = 0; i < 3; ++i) EXPECT_THAT(SignAndVerify(*key), IsOk());
  // Whom the socket does not serve that key.
  EXPECT_THAT(Open("web", *ca), HasCode(Code::kNotFound));
  const std::string text = Get("/metrics").out;
  EXPECT_THAT(text, HasSubstr("rootkeep_keysocket_calls_total{call=\"sign\",outcome=\"ok\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("rootkeep_keysocket_calls_total{call=\"describe\",outcome=\"ok\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("rootkeep_keysocket_calls_total{call=\"describe\",outcome=\"key_not_found\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("rootkeep_keysocket_denials_total{socket=\"web\",what=\"describe\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("rootkeep_keysocket_sign_seconds_count{stage=\"sign\",token=\"node\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("rootkeep_keysocket_sign_seconds_count{stage=\"queue\",token=\"node\"} 3\n"));
  EXPECT_THAT(text, Not(HasSubstr("rootkeep_keysocket_sign_seconds_sum{stage=\"sign\",token=\"node\"} 0\n")));
  EXPECT_THAT(text, HasSubstr("rootkeep_keysocket_connections "));
  EXPECT_THAT(text, HasSubstr("rootkeep_keysocket_calls_waiting 0\n"));
  EXPECT_THAT(text, HasSubstr("rootkeep_build_info{version="));
  EXPECT_EQ(agent->Stop(kPatience), 0);
}

TEST_F(AgentOperations, IsReadyWhileItsTokenIsThere) {
  EXPECT_EQ(Get("/livez").out, "ok\n");
  EXPECT_TRUE(Eventually([this] { return Get("/readyz").exit_code == 0; })) << Get("/readyz").out;
  EXPECT_THAT(Get("/readyz").out, HasSubstr("[+] token node ok\n"));
  EXPECT_TRUE(Shows("rootkeep_token_up{token=\"node\"} 1"));
  hsm.TakeAway();
  EXPECT_TRUE(Eventually([this] { return Get("/readyz").exit_code != 0; }));
  EXPECT_THAT(Get("/readyz").out, HasSubstr("[-] token node not ready: "));
  EXPECT_TRUE(Shows("rootkeep_token_up{token=\"node\"} 0"));
  EXPECT_EQ(Get("/livez").out, "ok\n");
  hsm.GiveBack();
  EXPECT_TRUE(Eventually([this] { return Get("/readyz").exit_code == 0; })) << Get("/readyz").out;
  EXPECT_EQ(agent->Stop(kPatience), 0);
}

TEST_F(AgentOperations, ShowsWhatTheCatalogueSaysOfItsKeys) {
  const auto store = keysocket::OpenStore(Socket("web"));
  ASSERT_THAT(store->Create({.use = KeyUse::kApp, .name = "mail"}, After(kPatience)), IsOk());
  EXPECT_TRUE(Eventually([this] { return Shows("rootkeep_keys{state=\"ACTIVE\",token=\"node\"} 1"); }));
  EXPECT_TRUE(Shows("rootkeep_keys{state=\"UNCATALOGUED\",token=\"node\"} 2"));
  EXPECT_TRUE(Shows("rootkeep_key_catalogue_readable 1"));
  ASSERT_THAT(hsm.OpenStore()->deleter()->Delete({.object_label = "rk/app/mail/1", .object_id = {}, .pin_source = {}},
                                                 After(kPatience)),
              IsOk());
  EXPECT_TRUE(Eventually([this] { return Shows("rootkeep_keys{state=\"MISSING\",token=\"node\"} 1"); }));
  EXPECT_THAT(Get("/readyz").out, HasSubstr("[!] key rk/app/mail/1: "));
  EXPECT_EQ(agent->Stop(kPatience), 0);
}

TEST_F(AgentOperations, AnAddressThatIsTakenIsAnError) {
  std::string second = Config("none", "operations:\n  - address: \"" + address_ + "\"\n");
  for (const std::string name : {"/state", "/run-web", "/run-ca"}) {
    second.replace(second.find(hsm.directory() + name), (hsm.directory() + name).size(), hsm.directory() + name + "-2");
  }
  ASSERT_THAT(WriteFileAtomically(hsm.directory() + "/second.yaml", second, 0600), IsOk());
  const auto refused = RunProgram({"timeout", "20", ROOTKEEP_AGENT, "--config", hsm.directory() + "/second.yaml"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("could not listen on " + address_));
  EXPECT_EQ(agent->Stop(kPatience), 0);
}

}  // namespace
}  // namespace rootkeep::testing
