#include <fmt/format.h>

#include <memory>

#include "keystore/base/file.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/dev_environment.h"
#include "tools/rootkeep/istio_protoset.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/sandbox/private_directory.h"
#include "tools/rootkeep/sandbox/sandbox.h"
#include "tools/rootkeep/sandbox/stop_signal.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  std::string state;
  std::uint32_t port = 0;
  std::string module;
  std::string daemon;
};

Result<Sandbox::Options> SandboxOptions(const Asked& asked, const std::string& directory) {
  Sandbox::Options options{.directory = directory, .module_path = asked.module, .daemon_binary = asked.daemon};
  options.port = asked.port;
  if (options.module_path.empty()) {
    RK_TRY(options.module_path, SoftToken::FindModule());
  }
  if (options.daemon_binary.empty()) {
    RK_TRY(options.daemon_binary, FindDaemon());
  }
  return options;
}

// Until a signal comes, with fresh tokens in time; an error when rootkeepd ends by itself.
Status KeepRunning(const Sandbox& sandbox, const Child& daemon) {
  // Half of one hour in hours would be none.
  constexpr std::chrono::milliseconds kRefresh = std::chrono::milliseconds(kSandboxTokenLifetime) / 2;
  while (!WaitForStop(kRefresh, daemon.ended_fd())) {
    if (daemon.WaitEnded(std::chrono::milliseconds(0))) {
      return FailedPrecondition("rootkeepd ended by itself").WithHint("its log is " + sandbox.files().log());
    }
    RK_RETURN_IF_ERROR(sandbox.WriteTokens());
  }
  return Ok();
}

Status RunSandbox(const Asked& asked, const PrivateDirectory& directory) {
  const Narrator say = [](const std::string& line) { PrintLine("# " + line); };
  RK_TRY(Sandbox::Options options, SandboxOptions(asked, directory.path()));
  RK_TRY(const auto sandbox, Sandbox::Make(std::move(options), say));
  RK_RETURN_IF_ERROR(sandbox->Start(say));
  RK_RETURN_IF_ERROR(sandbox->WriteTokens());
  PrintLine("# tokens for it come from a test token issuer: whoever reads its key file can be anybody here");
  PrintLine("");
  const std::string& address = sandbox->daemon().address();
  RK_RETURN_IF_ERROR(WriteFileAtomically(sandbox->files().protoset(), IstioProtoset(), 0644));
  RK_TRY(std::string program, ProgramName());
  const DevPlaces places{.program = std::move(program),
                         .port = address.substr(address.rfind(':') + 1),
                         .operations = sandbox->daemon().operations_address(),
                         .spire_plugin = SpirePlugin()};
  for (const std::string& line : DevEnvironment(sandbox->files(), places)) {
    PrintLine(line);
  }
  PrintLine("");
  PrintLine(directory.temporary() ? "# Ctrl-C stops it and removes " + directory.path()
                                  : "# Ctrl-C stops it; the same keys and CA come back with --state " + asked.state);
  return KeepRunning(*sandbox, sandbox->daemon().child());
}

Status Dev(const Asked& asked) {
  RK_RETURN_IF_ERROR(CatchStopSignals());
  RK_TRY(const PrivateDirectory directory,
         asked.state.empty() ? PrivateDirectory::Temporary("rootkeep-dev-") : PrivateDirectory::Kept(asked.state));
  Status status = RunSandbox(asked, directory);
  // Whatever a signal interrupted is no failure.
  if (StopRequested()) return Ok();
  return status;
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  options.Path("--state", asked->state, "Keep everything in this directory, and find it there again next time")
      .Number("--port", asked->port, 0, 65535, "Port on 127.0.0.1; 0 takes a free one")
      .Text("--module", asked->module, "SoftHSM's module, when it is not found by itself")
      .Text("--daemon", asked->daemon, "rootkeepd, when it is not beside this program");
  return [asked] { return Dev(*asked); };
}

}  // namespace

Command DevCommand() {
  return {.group = "",
          .name = "dev",
          .summary = "Run a CA for experiments: SoftHSM token, CA, rootkeepd, and environment to paste",
          .example = "rootkeep dev --state ~/.rootkeep-dev --port 15012",
          .declare = Declare};
}

}  // namespace rootkeep::cli
