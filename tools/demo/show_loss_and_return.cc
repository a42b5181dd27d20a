#include <fmt/format.h>

#include "tools/demo/scenes.h"
#include "tools/rootkeep/certificate_request.h"
#include "tools/rootkeep/sandbox/stop_signal.h"

namespace rootkeep::demo {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kPatience{20};
constexpr milliseconds kBetweenAttempts{5};

// What one more attempt brought, and how long after `since` it ended.
struct Attempt {
  Status status;
  milliseconds after{0};
};

// Asks once a few milliseconds, each time with a fresh key, until the answer is `good` or not good as wanted.
Result<Attempt> AskUntil(bool good, const IstioClient& client) {
  const auto since = std::chrono::steady_clock::now();
  const Deadline deadline = since + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto obtained = cli::Obtain(client, {.names = {GeneralNameFromText(cli::kSandboxIdentity)}});
    const auto after = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - since);
    if (obtained.ok() == good)
      return Attempt{.status = obtained.ok() ? Ok() : Status(obtained.error()), .after = after};
    if (cli::WaitForStop(kBetweenAttempts)) return Error(Code::kCancelled, "stopped by a signal");
  }
  return DeadlineExceeded(good ? "no certificate although the token is back"
                               : "certificates although the token is away");
}

}  // namespace

Status ShowLossAndReturn(const Story& story, const cli::Sandbox& sandbox) {
  RK_TRY(SecretBytes token, sandbox.MintToken());
  RK_TRY(IstioClientOptions options, sandbox.ClientOptions(std::move(token)));
  options.retry.attempts = 1;
  RK_TRY(const auto client, IstioClient::Make(std::move(options)));

  RK_RETURN_IF_ERROR(sandbox.token().TakeAway());
  story.Tell("the token is taken away");
  const auto lost = AskUntil(false, *client);
  const Status returned = sandbox.token().GiveBack();
  RK_RETURN_IF_ERROR(lost);
  story.Detail(
      {fmt::format("client hears    {} {}", CodeName(lost->status.error().code()), lost->status.error().message()),
       fmt::format("first refusal   {} ms after the loss", lost->after.count())});
  RK_RETURN_IF_ERROR(returned);
  story.Tell("the token is given back");
  RK_TRY(const Attempt good, AskUntil(true, *client));
  story.Tell(fmt::format("next good certificate {} ms after the return", good.after.count()));
  return Ok();
}

}  // namespace rootkeep::demo
