// Writes DIR/jwks.json and DIR/tokens.txt, one line a caller: "<namespace> <service account> <token>".
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "keystore/base/file.h"
#include "tests/bench/workload/service_account_tokens.h"

int main(int argc, char** argv) {
  using namespace rootkeep;
  std::string directory;
  std::size_t callers = 1000;
  bench::TokenSpec spec;
  CLI::App app("make a token issuer's key set and its callers' service account tokens");
  app.add_option("directory", directory, "an existing private directory")->required();
  app.add_option("--callers", callers, "number of distinct service accounts")->check(CLI::Range(1, 100000));
  app.add_option("--issuer", spec.issuer, "iss of the tokens");
  app.add_option("--audience", spec.audience, "aud of the tokens");
  CLI11_PARSE(app, argc, argv);

  const bench::TokenIssuer issuer(spec);
  std::string tokens;
  for (std::size_t i = 0; i < callers; ++i) {
    const bench::ServiceAccount account = bench::CallerAccount(i);
    tokens += fmt::format("{} {} {}\n", account.name_space, account.name, issuer.Mint(account));
  }
  for (const auto& [name, content] : {std::pair{"/jwks.json", issuer.Jwks()}, std::pair{"/tokens.txt", tokens}}) {
    if (const Status written = WriteFileAtomically(directory + name, content, 0600); !written.ok()) {
      std::fputs((written.error().ToString() + "\n").c_str(), stderr);
      return 1;
    }
  }
  return 0;
}
