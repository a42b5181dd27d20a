// The closed loop: every connection has one request under way, and asks the next as soon as it is answered.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keystore/base/file.h"
#include "keystore/base/result.h"
#include "tests/bench/load/connection.h"
#include "tests/bench/load/cpu_clock.h"

namespace rootkeep::bench {

// What is asked. Connection c of n sends messages c, c + n, c + 2n and so on, each once.
struct Workload {
  std::vector<std::string> messages;                        // framed requests
  std::vector<std::string> authorizations;                  // by message modulo this size; empty: none
  const std::vector<ClientIdentity>* identities = nullptr;  // by connection modulo this size; null: none
};

struct LoadSpec {
  std::uint16_t port = 0;  // on IPv4 loopback
  std::string authority;
  std::size_t connections = 64;
  bool fresh_connections = false;  // a new connection for every request
  std::chrono::milliseconds warmup{0};
  std::chrono::milliseconds duration{0};  // measured, after the warm-up
  std::optional<pid_t> server_pid;
};

struct Outcome {
  std::size_t message = 0;
  int status = -1;  // grpc-status; -1: the connection failed first
  double latency_ms = 0;
  std::string body;
};

struct LoadResult {
  std::vector<Outcome> outcomes;  // in order of completion, the whole run
  std::size_t measured_begin = 0;
  std::size_t measured_end = 0;
  double seconds = 0;
  CpuReading cpu;          // spent while measuring
  bool exhausted = false;  // measuring ended early because a connection had no messages left
};

class LoadLoop {
 public:
  LoadLoop(LoadSpec spec, TlsClient& tls, const Workload& workload)
      : spec_(std::move(spec)), tls_(tls), workload_(workload) {}

  // Runs once, in this thread, for the warm-up, the duration, and at most some seconds to open and to drain.
  // UNAVAILABLE when connections keep failing or do not come up.
  Result<LoadResult> Run();

 private:
  using Clock = std::chrono::steady_clock;
  struct Slot {
    std::unique_ptr<Connection> connection;
    std::size_t next_message = 0;
    std::size_t message = 0;
    Clock::time_point asked;
    bool busy = false;
    std::uint32_t interest = 0;
  };

  Status OpenAll();
  Status Measure();
  Status Drain();
  // Waits for at most 20 ms and lets every ready connection go on.
  Status Poll();
  Status Reconnect(Slot& slot);
  Status StartNext(Slot& slot);
  Status OnReady(Slot& slot);
  Status OnFailure(Slot& slot, const Error& error);
  Status Finish(Slot& slot, GrpcReply reply);
  Status UpdateInterest(Slot& slot);
  [[nodiscard]] bool AnyBusy() const;

  LoadSpec spec_;
  TlsClient& tls_;
  const Workload& workload_;
  Fd epoll_;
  std::vector<Slot> slots_;
  LoadResult result_;
  std::size_t failures_ = 0;
  bool asking_ = false;
};

}  // namespace rootkeep::bench
