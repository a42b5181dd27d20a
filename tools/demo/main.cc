// The demo: a CA whose keys are made inside a token, asked, refused, robbed of its token, stopped.
#include <fmt/format.h>

#include <cstdlib>
#include <exception>
#include <string_view>

#include "keystore/base/log.h"
#include "tools/demo/scenes.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/sandbox/private_directory.h"
#include "tools/rootkeep/sandbox/stop_signal.h"

namespace rootkeep::demo {
namespace {

constexpr std::chrono::seconds kStopPatience{10};

// Between two scenes.
Status GoOn() { return cli::StopRequested() ? Status(Error(Code::kCancelled, "stopped by a signal")) : Ok(); }

Status PlayIn(const Story& story, const std::string& directory) {
  story.Heading("A certificate authority whose keys are made inside a token");
  cli::Sandbox::Options options{.directory = directory};
  RK_TRY(options.module_path, cli::SoftToken::FindModule());
  RK_TRY(options.daemon_binary, cli::FindDaemon());
  const cli::Narrator say = [&story](const std::string& line) { story.Tell(line); };
  RK_TRY(const auto sandbox, cli::Sandbox::Make(std::move(options), say));
  RK_RETURN_IF_ERROR(sandbox->Start(say));

  story.Heading("A certificate for a workload");
  RK_RETURN_IF_ERROR(GoOn());
  RK_RETURN_IF_ERROR(ShowCertificate(story, *sandbox));

  story.Heading("Three refusals");
  RK_RETURN_IF_ERROR(GoOn());
  RK_RETURN_IF_ERROR(ShowRefusals(story, *sandbox));

  story.Heading("One accident");
  RK_RETURN_IF_ERROR(GoOn());
  RK_RETURN_IF_ERROR(ShowLossAndReturn(story, *sandbox));
  RK_RETURN_IF_ERROR(GoOn());

  story.Heading("The end");
  const int code = sandbox->daemon().Stop(kStopPatience);
  story.Tell(fmt::format("rootkeepd stopped with exit code {}", code));
  return code == 0 ? Ok() : Status(Internal("rootkeepd did not stop cleanly"));
}

Status Play() {
  RK_RETURN_IF_ERROR(cli::CatchStopSignals());
  const Story story;
  std::string path;
  {
    RK_TRY(const cli::PrivateDirectory directory, cli::PrivateDirectory::Temporary("rootkeep-demo-"));
    path = directory.path();
    story.Tell("everything happens in " + path);
    RK_RETURN_IF_ERROR(PlayIn(story, path));
  }
  story.Tell("removed " + path);
  return Ok();
}

int Main() {
  static_cast<void>(log::Start(log::Level::kError, "/dev/null"));
  setenv("GRPC_VERBOSITY", "NONE", 0);
  const Status status = Play();
  if (!status.ok()) cli::PrintError(status.error());
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace rootkeep::demo

int main(int argc, char** argv) {
  if (argc > 1) {
    const bool help = argc == 2 && (std::string_view(argv[1]) == "--help" || std::string_view(argv[1]) == "-h");
    fmt::print(
        help ? stdout : stderr,
        "usage: rootkeep-demo\n"
        "Makes a CA in a software token in a private directory, asks it, has it refuse, takes its token away and\n"
        "gives it back, stops, and removes the directory. It takes no options.\n");
    return help ? 0 : 2;
  }
  try {
    return rootkeep::demo::Main();
  } catch (const std::exception& thrown) {
    fmt::print(stderr, "rootkeep-demo: {}\n", thrown.what());
    return 1;
  }
}
