// Prints, as one JSON object, what a Signer makes of a token. "rates": signatures a second with several threads, beside
// the bare module at its own best. "slots": with a device of so many slots and such a latency, which is SoftHSM behind
// rootkeep-chaos.so. "added": what the queue and the session pool add to a signature when nobody else wants one.
// "beside": rates of one way of opening the key, beside those of the first.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "tests/bench/signer/measure.h"
#include "tests/bench/workload/program.h"
#include "tests/support/chaos.h"

namespace rootkeep::bench {
namespace {

struct Options {
  std::string what;
  std::string way = "in-process";
  std::string key = "p256";
  std::vector<int> threads{1, 16, 64};
  unsigned slots = 4;
  int latency_ms = 5;
  double seconds = 2;
  int rounds = 3;
};

constexpr unsigned kSessions = 16;       // a daemon's, unless it is configured otherwise
constexpr unsigned kManySessions = 128;  // more than any device here has slots

Result<std::string> MeasureDevice(const Options& options, KeyType type) {
  const testing::Chaos chaos;
  for (const auto& [name, value] : chaos.Environment(testing::SoftHsm::ModulePath())) {
    setenv(name.c_str(), value.c_str(), 1);
  }
  RK_TRY(const auto token, RawToken::Create(type, testing::Chaos::ModulePath()));
  RK_TRY(const OpenedKey opened, OpenKey(options.way, *token, kManySessions));
  chaos.Set(fmt::format("delay C_Sign {}ms workers={} quiet", options.latency_ms, options.slots));
  return MeasureSlots(*opened.signer, options.slots, std::chrono::milliseconds(options.latency_ms),
                      Seconds(options.seconds));
}

Result<std::string> Measure(const Options& options) {
  const KeyType type = options.key == "p256" ? KeyType::kEcP256 : KeyType::kRsa2048;
  if (options.what == "slots") return MeasureDevice(options, type);
  RK_TRY(const auto token, RawToken::Create(type));
  RK_TRY(const OpenedKey opened, OpenKey(options.way, *token, kSessions));
  if (options.what == "added") return MeasureAdded(*token, *opened.signer, Seconds(options.seconds));
  if (options.what == "beside") {
    RK_TRY(const OpenedKey baseline, OpenKey(WayNames().front(), *token, kSessions));
    return MeasureBeside(*opened.signer, *baseline.signer, options.threads, Seconds(options.seconds), options.rounds);
  }
  return MeasureRates(*token, *opened.signer, options.threads, Seconds(options.seconds), options.rounds);
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("what a Signer makes of a token, beside the token alone");
  app.add_option("what", options.what)->required()->check(CLI::IsMember({"rates", "slots", "added", "beside"}));
  app.add_option("--way", options.way, "how the key is opened")->check(CLI::IsMember(WayNames()));
  app.add_option("--key", options.key)->check(CLI::IsMember({"p256", "rsa2048"}));
  app.add_option("--threads", options.threads, "numbers of threads")->delimiter(',')->check(CLI::Range(1, 256));
  app.add_option("--slots", options.slots, "of the device")->check(CLI::Range(1, 64));
  app.add_option("--latency", options.latency_ms, "of the device, in milliseconds")->check(CLI::Range(1, 1000));
  app.add_option("--seconds", options.seconds, "for each measurement")->check(CLI::Range(0.1, 60.0));
  app.add_option("--rounds", options.rounds, "of the rates")->check(CLI::Range(1, 99));
  CLI11_PARSE(app, argc, argv);
  return Finish("rk_bench_signer", Measure(options));
}

}  // namespace
}  // namespace rootkeep::bench

int main(int argc, char** argv) {
  return rootkeep::bench::Guarded("rk_bench_signer", [&] { return rootkeep::bench::Main(argc, argv); });
}
