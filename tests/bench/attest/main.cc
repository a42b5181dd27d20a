// Prints, as one JSON object, how many attestations of a node one processor verifies a second, as in measure.h.
#include <CLI/CLI.hpp>

#include "keystore/tpm2/rc.h"
#include "tests/bench/attest/measure.h"
#include "tests/bench/workload/program.h"

namespace rootkeep::bench {
namespace {

Result<std::string> Measure(Kind kind, const Turns& turns) {
  const Machine machine(kind);
  RK_TRY(const nlohmann::json found, MeasureVerify(machine, turns));
  return found.dump();
}

int Main(int argc, char** argv) {
  Kind kind = Kind::kRsa;
  double seconds = 2;
  Turns turns;
  CLI::App app("what it takes to verify a node's attestation, beside the operations that cannot be left out");
  app.add_option("kind", kind, "the machine: with an RSA EK, a P-384 EK, or an RSA EK and a boot log")
      ->required()
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, Kind>{{"rsa", Kind::kRsa}, {"p384", Kind::kP384}, {"log", Kind::kLog}}));
  app.add_option("--seconds", seconds, "for each round")->check(CLI::Range(0.05, 60.0));
  app.add_option("--rounds", turns.rounds)->check(CLI::Range(1, 99));
  CLI11_PARSE(app, argc, argv);
  turns.duration = std::chrono::duration<double>(seconds);
  return Finish("rk_bench_attest", Measure(kind, turns));
}

}  // namespace
}  // namespace rootkeep::bench

int main(int argc, char** argv) {
  return rootkeep::bench::Guarded("rk_bench_attest", [&] { return rootkeep::bench::Main(argc, argv); });
}
