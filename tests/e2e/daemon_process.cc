#include "tests/e2e/daemon_process.h"

#include <signal.h>

#include <algorithm>

#include "keystore/base/file.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"

namespace rootkeep::testing {
namespace {

void Quiet(const std::string&) {}

}  // namespace

void DaemonProcess::Prepare(const std::string& module_path) {
  ASSERT_OK_AND_ASSIGN(
      sandbox_,
      cli::Sandbox::Make(
          {.directory = directory_.path(), .module_path = module_path, .daemon_binary = ROOTKEEPD_BINARY}, Quiet));
  ASSERT_OK_AND_ASSIGN(root_pem_, ReadFile(files().root_certificate(), std::size_t{1} << 20));
}

void DaemonProcess::Start() { ASSERT_THAT(sandbox_->Start(Quiet), IsOk()); }

std::string DaemonProcess::Config() const {
  auto text = ReadFile(files().config(), std::size_t{1} << 20);
  EXPECT_THAT(text, IsOk());
  return text.ok() ? *text : "";
}

void DaemonProcess::Configure(const std::string& config) const {
  ASSERT_THAT(WriteFileAtomically(files().config(), config, 0600), IsOk());
}

std::string DaemonProcess::ConfigWith(const std::string& added, const std::string& line) const {
  std::string config = Config();
  const auto place = config.find("\n" + line);
  EXPECT_NE(place, std::string::npos) << line;
  return place == std::string::npos ? config : config.insert(place + 1, added);
}

void DaemonProcess::Signal(int number) const {
  const pid_t pid = daemon().child().pid();
  ASSERT_GT(pid, 1) << "kill(2) takes -1 for everybody";
  ASSERT_EQ(kill(pid, number), 0);
}

std::vector<cli::LogLine> DaemonProcess::Hangup() {
  cli::DaemonLog log(files().log());
  std::vector<cli::LogLine> lines;
  const auto saw = [&](auto condition) {
    return Eventually([&] {
      auto more = log.Next();
      if (more.ok()) lines.insert(lines.end(), more->begin(), more->end());
      return std::ranges::any_of(lines, condition);
    });
  };
  Signal(SIGHUP);
  EXPECT_TRUE(saw([](const auto& line) { return line.event == "reloaded" || line.event == "reload_refused"; }));
  // A refusal's line marks the place up to which the log has been read.
  const std::string mark = Ask({}).request_id;
  EXPECT_TRUE(saw([&mark](const auto& line) { return line.Field("request_id") == mark; }));
  std::erase_if(lines, [&mark](const auto& line) { return line.Field("request_id") == mark; });
  return lines;
}

std::string DaemonProcess::Token(const std::string& ns, const std::string& service_account) const {
  const auto token = sandbox_->issuer().Mint({.ns = ns, .service_account = service_account, .node = cli::kSandboxNode},
                                             std::chrono::system_clock::now(), cli::kSandboxTokenLifetime);
  EXPECT_THAT(token, IsOk());
  return token.ok() ? std::string(AsText(token->RevealForUse())) : "";
}

IstioAnswer DaemonProcess::Ask(const IstioCall& call) const { return Send(daemon().address(), root_pem_, call); }

IstioAnswer DaemonProcess::AskAs(const std::string& ns, const std::string& service_account, IstioCall call) const {
  return Ask(call.Bearer(Token(ns, service_account)));
}

}  // namespace rootkeep::testing
