// A rootkeepd of one's own, from start to stop.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "tools/rootkeep/sandbox/child.h"
#include "tools/rootkeep/sandbox/daemon_log.h"

namespace rootkeep::cli {

// The rootkeepd that belongs to this program: beside it, or where a build puts it. NOT_FOUND otherwise.
Result<std::string> FindDaemon();

class RunningDaemon {
 public:
  // Starts it and waits until it listens. An error holds what it said when it ended instead; CANCELLED when a stop
  // signal came first.
  static Result<std::unique_ptr<RunningDaemon>> Start(const std::string& binary, const std::string& config_path,
                                                      const std::string& log_path, Deadline deadline);

  // host:port of the istio listener, and of the one that answers health checks without TLS.
  [[nodiscard]] const std::string& address() const { return addresses_.at("istio"); }
  [[nodiscard]] const std::string& health_address() const { return addresses_.at("health"); }
  [[nodiscard]] const std::string& operations_address() const { return addresses_.at("operations"); }

  // Waits until grpc.health.v1 says SERVING. Errors as Start's.
  Status WaitServing(Deadline deadline);

  // The last request_refused line that the daemon wrote since the last call. DEADLINE_EXCEEDED when none came.
  Result<LogLine> WaitRefusal(Deadline deadline);

  [[nodiscard]] const Child& child() const { return child_; }
  // As Child::Stop.
  int Stop(std::chrono::milliseconds patience) { return child_.Stop(patience); }

 private:
  RunningDaemon(Child child, DaemonLog log) : child_(std::move(child)), log_(std::move(log)) {}

  Status WaitListening(Deadline deadline);
  // Waits a moment; an error when the daemon has ended, a signal came or the deadline passed.
  Status Pause(Deadline deadline, const char* what);

  Child child_;
  DaemonLog log_;
  std::map<std::string, std::string> addresses_;
  std::string last_words_;
};

}  // namespace rootkeep::cli
