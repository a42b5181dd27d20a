// rootkeep-agent as people run it, on SoftHSM, and this process as an application and as the CA service.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <csignal>

#include "keystore/keysocket/server/listener.h"
#include "tests/e2e/agent_process.h"
#include "tests/support/program.h"

namespace rootkeep {
namespace {

using testing::AgentProcess;
using testing::Eventually;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::RunProgram;

TEST_F(AgentProcess, ServesEachSocketItsKeys) {
  Write(Config());
  Start();
  ASSERT_OK_AND_ASSIGN(const auto web_key, Open("web", *web));
  EXPECT_EQ(web_key->public_key(), web->public_key);
  EXPECT_THAT(SignAndVerify(*web_key), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto ca_key, Open("ca", *ca));
  EXPECT_THAT(SignAndVerify(*ca_key), IsOk());
  EXPECT_THAT(Open("web", *ca), HasCode(Code::kNotFound));
  EXPECT_THAT(Open("ca", *web), HasCode(Code::kNotFound));
  const auto store = keysocket::OpenStore(Socket("web"));
  ASSERT_OK_AND_ASSIGN(const auto keys, store->List(After(kPatience)));
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys.front().label, "rk/app/web/1");
  ASSERT_OK_AND_ASSIGN(const KeyInfo made, store->Create({.use = KeyUse::kApp, .name = "mail"}, After(kPatience)));
  EXPECT_THAT(CheckCustody(made, KeyUse::kApp, CustodyLevel::kLocalOnly, false), IsOk());
  EXPECT_THAT(store->Create({.use = KeyUse::kRootkeepCa, .name = "mail"}, After(kPatience)),
              HasCode(Code::kPermissionDenied));
  EXPECT_THAT(store->health()->Probe(After(kPatience)), IsOk());

  EXPECT_EQ(agent->Stop(kPatience), 0);
  EXPECT_NE(access(Socket("web").c_str(), F_OK), 0);
  const auto log = ReadFile(LogFile(), 1 << 20);
  ASSERT_THAT(log, IsOk());
  for (const char* part : {"agent.serving", "keysocket.denied", "rk/rootkeep-ca/mesh/1", "keysocket.key_made"}) {
    EXPECT_THAT(*log, ::testing::HasSubstr(part));
  }
  EXPECT_THAT(*log, ::testing::Not(::testing::HasSubstr(testing::SoftHsm::kPin)));
}

TEST_F(AgentProcess, AKeyIsServedAcrossARestartALossAndAReturn) {
  Write(Config());
  Start();
  ASSERT_OK_AND_ASSIGN(const auto key, Open("web", *web));
  ASSERT_THAT(SignAndVerify(*key), IsOk());
  kill(agent->pid(), SIGKILL);
  ASSERT_TRUE(agent->WaitEnded(kPatience));
  EXPECT_THAT(SignAndVerify(*key), HasReason("agent_down"));
  agent.reset();
  ASSERT_EQ(unlink(Socket("ca").c_str()), 0);  // so that Start waits for the new one
  Start();
  EXPECT_THAT(SignAndVerify(*key), IsOk());

  hsm.TakeAway();
  EXPECT_TRUE(Eventually([&] { return !SignAndVerify(*key).ok(); }));
  EXPECT_THAT(SignAndVerify(*key), HasCode(Code::kUnavailable));
  hsm.GiveBack();
  EXPECT_TRUE(Eventually([&] { return SignAndVerify(*key).ok(); }));
  EXPECT_EQ(agent->Stop(kPatience), 0);
}

TEST_F(AgentProcess, ATokenCanHaveAProcessOfItsOwn) {
  Write(Config("process"));
  Start();
  ASSERT_OK_AND_ASSIGN(const auto key, Open("web", *web));
  EXPECT_THAT(SignAndVerify(*key), IsOk());
  EXPECT_EQ(agent->Stop(kPatience), 0);
}

TEST_F(AgentProcess, ComesUpWithoutItsToken) {
  Write(Config());
  hsm.UnloadModule();
  hsm.TakeAway();
  Start();
  EXPECT_THAT(Open("web", *web), HasCode(Code::kUnavailable));
  hsm.GiveBack();
  EXPECT_TRUE(Eventually([&] { return Open("web", *web).ok(); }));
  EXPECT_EQ(agent->Stop(kPatience), 0);
}

TEST_F(AgentProcess, SaysWhatIsWrong) {
  Write(Config());
  const auto good = RunProgram({ROOTKEEP_AGENT, "--check-config", "--config", ConfigFile()});
  EXPECT_EQ(good.exit_code, 0) << good.err;
  EXPECT_EQ(good.out, ConfigFile() + ": ok\n");
  Write(Config() + "colour: red\n");
  const auto bad = RunProgram({ROOTKEEP_AGENT, "--check-config", ConfigFile()});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.err, ::testing::HasSubstr("colour"));
  Write(Config() +
        "  - name: mixed\n    path: /run/x\n    grants:\n      - keys:\n          - use: rootkeep-ca\n            "
        "name: mesh\n");
  const auto mixed = RunProgram({ROOTKEEP_AGENT, "--check-config", ConfigFile()});
  EXPECT_EQ(mixed.exit_code, 1);
  EXPECT_THAT(mixed.err, ::testing::HasSubstr("only for a socket of the CA service's own"));
  const auto help = RunProgram({ROOTKEEP_AGENT, "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, ::testing::HasSubstr("Example:"));
  EXPECT_EQ(RunProgram({ROOTKEEP_AGENT, "--no-such-option"}).exit_code, 2);
}

// As systemd starts a service that has a socket unit and Type=notify.
TEST_F(AgentProcess, TakesTheSocketThatItIsGivenAndSaysWhenItIsReady) {
  Write(Config());
  const std::string notify = hsm.directory() + "/notify";
  const Fd told(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  notify.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(told.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_THAT(MakeDirectory(hsm.directory() + "/run-web", 0755), IsOk());
  auto listener =
      keysocket::Listener::Open({.name = "web", .path = Socket("web"), .owner = {}, .group = {}, .grants = {}});
  ASSERT_THAT(listener, IsOk());
  ASSERT_EQ(fcntl(listener->fd(), F_SETFL, 0), 0);  // systemd's wait
  const std::string config = ConfigFile();
  const pid_t child = fork();
  if (child == 0) {
    dup2(listener->fd(), 3);
    setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
    setenv("LISTEN_FDS", "1", 1);
    setenv("LISTEN_FDNAMES", "web", 1);
    setenv("NOTIFY_SOCKET", notify.c_str(), 1);
    execl(ROOTKEEP_AGENT, ROOTKEEP_AGENT, "--config", config.c_str(), nullptr);
    _exit(127);
  }
  char text[64] = {};
  const timeval limit{.tv_sec = kPatience.count(), .tv_usec = 0};
  setsockopt(told.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  EXPECT_GT(recv(told.get(), text, sizeof text - 1, 0), 0);
  EXPECT_STREQ(text, "READY=1");
  const auto key = Open("web", *web);
  EXPECT_THAT(key, IsOk());
  EXPECT_TRUE(key.ok() && SignAndVerify(**key).ok());
  const auto begin = std::chrono::steady_clock::now();
  kill(child, SIGTERM);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5)) << "after ten it is ended by force";
  EXPECT_EQ(access(Socket("web").c_str(), F_OK), 0) << "who made it removes it";
}

}  // namespace
}  // namespace rootkeep
