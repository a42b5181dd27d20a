// Prints, as one JSON object, what the ways to a private key do with OpenSSL: rootkeep.so with an agent behind it,
// beside a key in a file, an engine, the bare token, and such a token with nothing but a socket before it ("handover").
// "sign", "handshake", "added" and "load" as in measure.h; "endure": what one way leaves behind, as in endure.h.
#include <openssl/ssl.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "tests/bench/provider/endure.h"
#include "tests/bench/provider/handover/process.h"
#include "tests/bench/provider/measure.h"
#include "tests/bench/workload/program.h"

namespace rootkeep::bench {
namespace {

struct Options {
  std::string what;
  std::vector<std::string> ways = WayNames();
  std::string key = "p256";
  std::string tls = "1.3";
  std::vector<int> threads;
  double seconds = 2;
  int rounds = 3;
  std::size_t signatures = 1'000'000;
  std::size_t loads = 10'000;
};

Result<nlohmann::json> MeasureEndurance(const OpenedWay& way, const Options& options) {
  RK_TRY(const LeftBehind left, Endure(way, options.signatures, options.loads));
  return nlohmann::json{
      {"way", way.name},       {"signatures", options.signatures}, {"loads", options.loads},
      {"octets", left.octets}, {"descriptors", left.descriptors},  {"threads", left.threads},
  };
}

Result<std::string> Measure(const Options& options) {
  testing::ProviderHost host(KeyNames());
  host.hsm().UnloadModule();  // before the agent is forked
  // Before the engine, which takes a module that somebody else has initialised; this does not. And before the agent:
  // SoftHSM may show no token to one process while another initialises the module.
  std::unique_ptr<RawToken> token;
  if (options.what == "sign" || options.what == "added") {
    RK_TRY(auto raw, RawToken::Of(host.hsm(), host.Info(options.key)));
    token = std::move(raw);
  }
  std::optional<cli::Child> handover;
  if (std::ranges::find(options.ways, "handover") != options.ways.end()) {
    RK_TRY(handover, StartHandoverSigner(host, options.key));
  }
  host.StartAgent();
  Ways ways;
  for (const std::string& name : options.ways) {
    RK_TRY(OpenedWay way, OpenWay(name, host, options.key));
    ways.push_back(std::move(way));
  }
  Result<nlohmann::json> found = nlohmann::json();
  const Turns turns{.duration = Seconds(options.seconds), .rounds = options.rounds};
  const std::vector<int> threads = options.threads.empty() ? std::vector{2} : options.threads;
  if (options.what == "handshake") {
    found = MeasureHandshakes(ways, options.tls == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION, threads.front(), turns);
  } else if (options.what == "load") {
    found = MeasureLoad(ways, turns.duration);
  } else if (options.what == "endure") {
    found = MeasureEndurance(ways.front(), options);
  } else if (options.what == "sign") {
    found = MeasureSign(*token, ways, threads, turns);
  } else {
    found = MeasureAdded(*token, ways, turns.duration);
  }
  ways.clear();
  if (const int status = host.StopAgent(); status != 0) return Internal("the agent ended with an error");
  if (!found.ok()) return found.error();
  return found->dump();
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("ways to a private key with OpenSSL, beside each other");
  app.add_option("what", options.what)
      ->required()
      ->check(CLI::IsMember({"sign", "handshake", "added", "load", "endure"}));
  app.add_option("--ways", options.ways, "in turns; the first is the baseline of handshakes, and what endures")
      ->delimiter(',')
      ->check(CLI::IsMember(WayNames()));
  app.add_option("--key", options.key)->check(CLI::IsMember({"p256", "rsa"}));
  app.add_option("--tls", options.tls, "the only version")->check(CLI::IsMember({"1.2", "1.3"}));
  app.add_option("--threads", options.threads, "of sign, several; of handshake, one")
      ->delimiter(',')
      ->check(CLI::Range(1, 256));
  app.add_option("--seconds", options.seconds, "for each measurement")->check(CLI::Range(0.05, 60.0));
  app.add_option("--rounds", options.rounds)->check(CLI::Range(1, 99));
  app.add_option("--signatures", options.signatures, "of endure");
  app.add_option("--loads", options.loads, "of endure");
  CLI11_PARSE(app, argc, argv);
  if (options.what == "load") std::erase(options.ways, "handover");  // which has nothing to load
  return Finish("rk_bench_provider", Measure(options));
}

}  // namespace
}  // namespace rootkeep::bench

int main(int argc, char** argv) {
  return rootkeep::bench::Guarded("rk_bench_provider", [&] { return rootkeep::bench::Main(argc, argv); });
}
