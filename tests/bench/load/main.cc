// Loads an istio certificate service on this machine and prints what it did as one JSON object.
#include <fmt/format.h>
#include <sched.h>

#include <CLI/CLI.hpp>
#include <string>

#include "tests/bench/load/callers.h"
#include "tests/bench/load/check.h"
#include "tests/bench/load/report.h"
#include "tests/bench/workload/program.h"

namespace rootkeep::bench {
namespace {

struct Options {
  std::uint16_t port = 0;
  std::string roots;
  std::string tokens;
  std::string mode = "cert";
  std::string server_name = "istiod.istio-system.svc";
  std::string trust_domain = "cluster.local";
  std::size_t connections = 64;
  std::size_t callers = 1000;
  std::size_t csrs = 20000;
  std::size_t sample_every = 50;
  double seconds = 3;
  double warmup = 1;
  pid_t server_pid = 0;
  bool preempt = false;
};

// A client on another machine takes no processor from the server; this one would at every answer that comes, between
// two instructions of the server. As a batch process it works when its turn comes.
void YieldToServer() {
  const sched_param no_priority{};
  sched_setscheduler(0, SCHED_BATCH, &no_priority);
}

void Define(CLI::App& app, Options& options) {
  app.add_option("--port", options.port, "port of the service on 127.0.0.1")->required();
  app.add_option("--roots", options.roots, "PEM file the server and the issued chains are verified with")->required();
  app.add_option("--tokens", options.tokens, "tokens.txt of rk_bench_tokens")->required();
  app.add_option("--mode", options.mode,
                 "cert: kept connections, each with the certificate of a caller of its own; token: kept connections, a "
                 "token with every request; fresh: tokens, and a new connection for every request")
      ->check(CLI::IsMember({"cert", "token", "fresh"}));
  app.add_option("--server-name", options.server_name, "name expected in the server's certificate");
  app.add_option("--trust-domain", options.trust_domain, "trust domain of the callers");
  app.add_option("--connections", options.connections, "requests under way at any time")->check(CLI::Range(1, 1000));
  app.add_option("--callers", options.callers, "distinct tokens, except in mode cert")->check(CLI::Range(1, 100000));
  app.add_option("--csrs", options.csrs, "requests to prepare; each is sent once")->check(CLI::Range(1, 1000000));
  app.add_option("--seconds", options.seconds, "how long to measure")->check(CLI::Range(0.1, 120.0));
  app.add_option("--warmup", options.warmup, "seconds of load before measuring")->check(CLI::Range(0.0, 30.0));
  app.add_option("--sample-every", options.sample_every, "verify every so many chains in full")
      ->check(CLI::Range(1, 1000000));
  app.add_flag("--preempt", options.preempt, "take the processor from the server whenever an answer comes");
  app.add_option("--server-pid", options.server_pid, "process whose CPU time is read");
}

std::chrono::milliseconds Milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

Result<std::string> RunLoad(const Options& options) {
  if (!options.preempt) YieldToServer();
  const bool by_certificate = options.mode == "cert";
  const std::size_t callers = by_certificate ? options.connections : options.callers;
  const std::string authority = fmt::format("{}:{}", options.server_name, options.port);
  RK_TRY(const auto tls, TlsClient::Create(options.roots, options.server_name));
  RK_TRY(auto authorizations, ReadAuthorizations(options.tokens, callers));
  const auto csrs = PrepareCsrs({.count = options.csrs, .callers = callers, .trust_domain = options.trust_domain});
  Workload workload{.messages = FrameRequests(csrs), .authorizations = {}};
  std::vector<ClientIdentity> identities;
  if (by_certificate) {
    RK_TRY(identities, Enrol(options.port, authority, *tls, authorizations, options.trust_domain));
    workload.identities = &identities;
  } else {
    workload.authorizations = std::move(authorizations);
  }
  LoadSpec spec{.port = options.port,
                .authority = authority,
                .connections = options.connections,
                .fresh_connections = options.mode == "fresh",
                .warmup = Milliseconds(options.warmup),
                .duration = Milliseconds(options.seconds)};
  if (options.server_pid > 0) spec.server_pid = options.server_pid;
  RK_TRY(const LoadResult result, LoadLoop(spec, *tls, workload).Run());
  RK_TRY(const std::size_t verified,
         CheckCertificates(result.outcomes, csrs, {.roots = options.roots, .sample_every = options.sample_every}));
  return ReportJson(result, verified);
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("load generator for an istio certificate service on this machine");
  Define(app, options);
  CLI11_PARSE(app, argc, argv);
  return Finish("rk_bench_load", RunLoad(options));
}

}  // namespace
}  // namespace rootkeep::bench

int main(int argc, char** argv) {
  return rootkeep::bench::Guarded("rk_bench_load", [&] { return rootkeep::bench::Main(argc, argv); });
}
