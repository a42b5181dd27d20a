#include <fmt/format.h>

#include "tools/demo/scenes.h"
#include "tools/rootkeep/certificate_request.h"

namespace rootkeep::demo {
namespace {

constexpr std::chrono::seconds kPatience{10};

struct Attempt {
  std::string what;
  SecretBytes token;
  cli::RequestPlan plan;
};

Status ShowRefusal(const Story& story, cli::Sandbox& sandbox, Attempt attempt) {
  story.Tell(attempt.what);
  RK_TRY(IstioClientOptions options, sandbox.ClientOptions(std::move(attempt.token)));
  RK_TRY(const auto client, IstioClient::Make(std::move(options)));
  const auto obtained = cli::Obtain(*client, attempt.plan);
  if (obtained.ok()) return FailedPrecondition("a certificate was issued where none may be");
  RK_TRY(const cli::LogLine line, sandbox.daemon().WaitRefusal(After(kPatience)));
  story.Detail({fmt::format("client hears    {} {}", CodeName(obtained.error().code()), obtained.error().message()),
                fmt::format("operator sees   {}: {}", line.Field("reason"), line.Field("detail"))});
  return Ok();
}

Result<Attempt> ForgedToken(const cli::Sandbox& sandbox) {
  Attempt attempt{.what = "a forged token: right claims, signed with another key",
                  .plan = {.names = {GeneralNameFromText(cli::kSandboxIdentity)}}};
  RK_TRY(const cli::TestIssuer forger, cli::TestIssuer::Make());
  RK_TRY(attempt.token,
         forger.Mint(
             {.ns = cli::kSandboxNamespace, .service_account = cli::kSandboxServiceAccount, .node = cli::kSandboxNode},
             std::chrono::system_clock::now(), cli::kSandboxTokenLifetime));
  (void)sandbox;
  return attempt;
}

}  // namespace

Status ShowRefusals(const Story& story, cli::Sandbox& sandbox) {
  RK_TRY(Attempt forged, ForgedToken(sandbox));
  RK_RETURN_IF_ERROR(ShowRefusal(story, sandbox, std::move(forged)));

  Attempt other{.what = "demo/web asks for the identity of demo/database",
                .plan = {.names = {GeneralNameFromText("spiffe://cluster.local/ns/demo/sa/database")},
                         .impersonated = "spiffe://cluster.local/ns/demo/sa/database"}};
  RK_TRY(other.token, sandbox.MintToken());
  RK_RETURN_IF_ERROR(ShowRefusal(story, sandbox, std::move(other)));

  Attempt garbage{.what = "garbage instead of a certificate request", .plan = {.csr_pem = "garbage"}};
  RK_TRY(garbage.token, sandbox.MintToken());
  return ShowRefusal(story, sandbox, std::move(garbage));
}

}  // namespace rootkeep::demo
