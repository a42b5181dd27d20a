// Prints, as one JSON object, what it takes many nodes on TPM simulators to enrol with a daemon all at once ("enrol"),
// and to attest themselves again ("renew"), as in fleet.h.
#include <CLI/CLI.hpp>

#include "tests/bench/attest/fleet.h"
#include "tests/bench/workload/program.h"

namespace rootkeep::bench {
namespace {

Result<std::string> Measure(std::size_t nodes, int again) {
  const Fleet fleet(nodes);
  RK_TRY(const DaemonProcess daemon, DaemonProcess::Start(fleet.Attestation()));
  RK_TRY(const nlohmann::json enrol, fleet.AttestAll(daemon, 1));
  RK_TRY(const nlohmann::json renew, fleet.AttestAll(daemon, again));
  return nlohmann::json{{"enrol", enrol}, {"renew", renew}}.dump();
}

int Main(int argc, char** argv) {
  std::size_t nodes = 50;
  int again = 4;
  CLI::App app("many nodes that enrol with a daemon at once, and attest themselves again");
  app.add_option("--nodes", nodes)->check(CLI::Range(1, 200));
  app.add_option("--again", again, "times that each attests itself again; a daemon takes five a minute of one TPM")
      ->check(CLI::Range(1, 5));
  CLI11_PARSE(app, argc, argv);
  return Finish("rk_bench_nodes", Measure(nodes, again));
}

}  // namespace
}  // namespace rootkeep::bench

int main(int argc, char** argv) {
  return rootkeep::bench::Guarded("rk_bench_nodes", [&] { return rootkeep::bench::Main(argc, argv); });
}
