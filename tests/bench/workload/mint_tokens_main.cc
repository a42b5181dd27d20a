// Writes DIR/jwks.json and DIR/tokens.txt, one line a caller: "<namespace> <service account> <token>".
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "keystore/base/file.h"
#include "tests/bench/workload/caller.h"
#include "tests/bench/workload/program.h"
#include "tests/support/jwt_minter.h"

namespace rootkeep::bench {
namespace {

// What the API server's TokenRequest gives: bound to a pod and a node, about 1 KB.
testing::TokenSpec TokenOf(const ServiceAccount& account, std::string issuer) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {.issuer = std::move(issuer),
          .ns = account.name_space,
          .service_account = account.name,
          .issued_at = std::chrono::duration_cast<std::chrono::seconds>(now).count() - 60,
          .lifetime = 12 * 3600,
          .pod = account.name + "-7d4b9c6f8-x2x5q",
          .pod_uid = "0b2c1f6e-6f0e-4d53-9a35-8f3b6a1d2c47",
          .node = "node-1"};
}

Result<std::string> WriteTokens(const std::string& directory, const std::string& issuer, std::size_t callers) {
  const testing::JwtMinter minter("RS256", "bench-key-1");
  std::string tokens;
  for (std::size_t i = 0; i < callers; ++i) {
    const ServiceAccount account = CallerAccount(i);
    tokens += fmt::format("{} {} {}\n", account.name_space, account.name, minter.Mint(TokenOf(account, issuer)));
  }
  const std::string jwks = testing::JwksOf({minter.Jwk(R"("use":"sig","alg":"RS256")")});
  RK_RETURN_IF_ERROR(WriteFileAtomically(directory + "/jwks.json", jwks, 0600));
  RK_RETURN_IF_ERROR(WriteFileAtomically(directory + "/tokens.txt", tokens, 0600));
  return std::string();
}

int Main(int argc, char** argv) {
  std::string directory;
  std::string issuer = "https://kubernetes.default.svc";
  std::size_t callers = 1000;
  CLI::App app("make a token issuer's key set and its callers' service account tokens");
  app.add_option("directory", directory, "an existing private directory")->required();
  app.add_option("--callers", callers, "number of distinct service accounts")->check(CLI::Range(1, 100000));
  app.add_option("--issuer", issuer, "iss of the tokens");
  CLI11_PARSE(app, argc, argv);
  return Finish("rk_bench_tokens", WriteTokens(directory, issuer, callers));
}

}  // namespace
}  // namespace rootkeep::bench

int main(int argc, char** argv) {
  return rootkeep::bench::Guarded("rk_bench_tokens", [&] { return rootkeep::bench::Main(argc, argv); });
}
