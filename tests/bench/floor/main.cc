// Prints, as one JSON object, how fast a bare loop goes. "token": signatures of the token alone, session and handle
// held. "floor": on all processors, what no authority can leave out: check a CSR's signature, sign in the token,
// check the result. Each is tried with one signing thread at a time and with two, and the better one counts.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <mutex>

#include "tests/bench/floor/operations.h"
#include "tests/bench/floor/raw_token.h"
#include "tests/bench/workload/csr_pool.h"
#include "tests/bench/workload/program.h"
#include "tests/bench/workload/rate.h"

namespace rootkeep::bench {
namespace {

constexpr int kThreads = 2;
constexpr std::size_t kPoolSize = 2000;

Result<Step> MakeTokenStep(RawToken& token) {
  RK_TRY(RawSigner signer, token.OpenSigner());
  const Bytes digest = Sha256(AsBytes("to be signed"));
  return Step([signer, digest, signature = Bytes{}](std::size_t) mutable { return signer.Sign(digest, signature); });
}

// `turn` is null when all threads may sign at once.
Result<Step> MakeFloorStep(RawToken& token, const std::vector<Csr>& csrs, std::mutex* turn) {
  RK_TRY(RawSigner signer, token.OpenSigner());
  auto checker = std::make_shared<ResultChecker>(token.public_key());
  return Step([signer, checker, &csrs, turn, signature = Bytes{}](std::size_t round) mutable -> Status {
    const Csr& csr = csrs[round % csrs.size()];
    if (!VerifyCsr(csr)) return Internal("a CSR of the pool does not verify");
    const Bytes digest = Sha256(csr.info());  // stands for the certificate, which is about as long
    {
      const auto lock = turn != nullptr ? std::unique_lock(*turn) : std::unique_lock<std::mutex>();
      RK_RETURN_IF_ERROR(signer.Sign(digest, signature));
    }
    if (!checker->Verify(digest, signature)) return Internal("the token's signature does not verify");
    return Ok();
  });
}

Result<std::vector<Csr>> ParsedCsrs() {
  std::vector<Csr> parsed;
  for (const PreparedCsr& csr :
       PrepareCsrs({.count = kPoolSize, .callers = kPoolSize, .trust_domain = "cluster.local"})) {
    RK_TRY(Csr one, ParseCsr(csr.pem));
    parsed.push_back(std::move(one));
  }
  return parsed;
}

Result<std::string> RunBest(const std::string& what, RawToken& token, std::chrono::duration<double> duration) {
  RK_TRY(const auto csrs, ParsedCsrs());
  std::mutex turn;
  double best = 0;
  int best_signers = 0;
  for (int signers = 1; signers <= 2; ++signers) {
    const bool floor = what == "floor";
    RK_TRY(const double rate, Rate(floor ? kThreads : signers, duration, [&](int) {
             return floor ? MakeFloorStep(token, csrs, signers == 1 ? &turn : nullptr) : MakeTokenStep(token);
           }));
    if (rate > best) best_signers = signers;
    best = std::max(best, rate);
  }
  return fmt::format(R"({{"rate":{:.1f},"signers":{}}})", best, best_signers);
}

Result<std::string> MeasureToken(const std::string& what, const std::string& key, double seconds) {
  RK_TRY(const auto token, RawToken::Create(key == "p256" ? KeyType::kEcP256 : KeyType::kRsa2048));
  return RunBest(what, *token, std::chrono::duration<double>(seconds));
}

int Main(int argc, char** argv) {
  std::string what;
  std::string key = "p256";
  double seconds = 2;
  CLI::App app("what the token, and the three operations no authority can leave out, take by themselves");
  app.add_option("what", what, "token or floor")->required()->check(CLI::IsMember({"token", "floor"}));
  app.add_option("--key", key, "p256 or rsa2048")->check(CLI::IsMember({"p256", "rsa2048"}));
  app.add_option("--seconds", seconds, "for each of the two measurements")->check(CLI::Range(0.1, 60.0));
  CLI11_PARSE(app, argc, argv);
  return Finish("rk_bench_floor", MeasureToken(what, key, seconds));
}

}  // namespace
}  // namespace rootkeep::bench

int main(int argc, char** argv) {
  return rootkeep::bench::Guarded("rk_bench_floor", [&] { return rootkeep::bench::Main(argc, argv); });
}
