// Prints, as one JSON list, P-256 signatures a second of a TPM through the key store, with several threads, beside a
// loop of bare ESAPI calls on the same simulator, with the same kind of session, in turns.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

#include "keystore/tpm2/store.h"
#include "tests/bench/tpm/bare_esapi.h"
#include "tests/bench/workload/program.h"
#include "tests/bench/workload/rate.h"
#include "tests/support/swtpm.h"

namespace rootkeep::bench {
namespace {

struct Options {
  std::string session = "password";
  std::vector<int> threads{1, 8, 64};
  std::size_t keys = 1;
  double seconds = 2;
  int rounds = 5;
};

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// A simulator with keys in it, and both ways to them.
class Bench {
 public:
  explicit Bench(const Options& options)
      : options_(options), mode_(*tpm2::SessionModeFromName(options.session)), duration_(options.seconds) {}

  Status Open() {
    RK_TRY(auto tpm, tpm2::Tpm::Open({.transport = {.tcti = swtpm_.tcti()}, .turn_file = directory_ / "turn"}));
    RK_TRY(store_, tpm2::OpenStore(tpm, {.name = "tpm0", .directory = directory_.path(), .session = mode_}));
    for (std::size_t i = 0; i < options_.keys; ++i) {
      RK_TRY(const KeyInfo key, store_->Create({.name = fmt::format("key-{}", i)}, Soon()));
      RK_TRY(auto signer, store_->Open(key.uri, Soon()));
      signers_.push_back(std::move(signer));
    }
    return Ok();
  }

  Result<double> StoreRate(int threads) {
    return Rate(threads, duration_, [&](int) -> Result<Step> {
      return Step([&](std::size_t round) -> Status {
        RK_RETURN_IF_ERROR(signers_[round % signers_.size()]->Sign(SignatureScheme::kEcdsaSha256, digest_, Soon()));
        return Ok();
      });
    });
  }

  Result<double> BareRate() {
    // Until the store has given up its places in the TPM.
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    RK_TRY(const auto bare, BareEsapi::Open(swtpm_.tcti(), mode_, options_.keys));
    return Rate(1, duration_,
                [&](int) -> Result<Step> { return Step([&](std::size_t) { return bare->Sign(digest_); }); });
  }

  Result<std::string> Measure() {
    RK_RETURN_IF_ERROR(Open());
    std::vector<std::string> found;
    for (const int threads : options_.threads) {
      std::vector<double> rates;
      std::vector<double> bares;
      std::vector<double> ratios;
      for (int round = 0; round < options_.rounds; ++round) {
        RK_TRY(const double bare, BareRate());
        RK_TRY(const double rate, StoreRate(threads));
        bares.push_back(bare);
        rates.push_back(rate);
        ratios.push_back(rate / bare);
      }
      found.push_back(fmt::format(R"({{"threads":{},"rate":{:.1f},"bare":{:.1f},"ratio":{:.4f}}})", threads,
                                  Median(rates), Median(bares), Median(ratios)));
    }
    return fmt::format("[{}]", fmt::join(found, ","));
  }

 private:
  static Deadline Soon() { return After(std::chrono::seconds(60)); }

  const Options& options_;
  const tpm2::SessionMode mode_;
  const std::chrono::duration<double> duration_;
  const Bytes digest_ = Bytes(32, 7);
  const testing::TempDir directory_;
  const testing::SwTpm swtpm_;
  std::shared_ptr<KeyStore> store_;
  std::vector<std::shared_ptr<const Signer>> signers_;
};

int Main(int argc, char** argv) {
  tpm2::QuietTss2();
  Options options;
  CLI::App app("what the key store makes of a TPM, beside bare ESAPI calls");
  app.add_option("--session", options.session)->check(CLI::IsMember({"password", "salted"}));
  app.add_option("--threads", options.threads, "numbers of threads")->delimiter(',')->check(CLI::Range(1, 256));
  app.add_option("--keys", options.keys, "used in turn")->check(CLI::Range(1, 64));
  app.add_option("--seconds", options.seconds, "for each measurement")->check(CLI::Range(0.1, 60.0));
  app.add_option("--rounds", options.rounds)->check(CLI::Range(1, 99));
  CLI11_PARSE(app, argc, argv);
  return Finish("rk_bench_tpm", Bench(options).Measure());
}

}  // namespace
}  // namespace rootkeep::bench

int main(int argc, char** argv) {
  return rootkeep::bench::Guarded("rk_bench_tpm", [&] { return rootkeep::bench::Main(argc, argv); });
}
