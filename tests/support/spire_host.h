// What spire-server and spire-agent are to a plugin: go-plugin's host, over real gRPC to the real program.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "proto/spire/config.pb.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {

// A call to a plugin, which ends in any case.
class PluginCall : public grpc::ClientContext {
 public:
  PluginCall() { set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30)); }
};

// One plugin process. The kernel kills it should the test die first, as it does under SPIRE.
class SpireHost {
 public:
  // Starts `program` with SPIRE's cookie for `type` and a TMPDIR of its own, and waits for the first line of its
  // standard output.
  SpireHost(const std::string& program, const std::string& type);
  SpireHost(const SpireHost&) = delete;
  SpireHost& operator=(const SpireHost&) = delete;
  ~SpireHost();

  // The first line of standard output, without its end; empty when there was none.
  [[nodiscard]] const std::string& handshake() const { return handshake_; }
  [[nodiscard]] std::string socket_path() const;
  [[nodiscard]] const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  [[nodiscard]] pid_t pid() const { return pid_; }

  // Names that Init answers to a host with these services, by default spire-agent's; none when it failed.
  std::vector<std::string> Init(const std::vector<std::string>& host_services = {
                                    "spire.hostservice.common.metrics.v1.Metrics"});
  grpc::Status Deinit();
  grpc::Status Configure(const std::string& settings, const std::string& trust_domain = "example.org");
  ::spire::service::common::config::v1::ValidateResponse Validate(const std::string& settings,
                                                                  const std::string& trust_domain = "example.org");
  // GRPCController.Shutdown; then the connection is closed, when no call holds it.
  grpc::Status Shutdown();

  struct End {
    int status = -1;  // as from the shell: 128 plus the signal when one ended it
    std::chrono::milliseconds after{0};
  };
  // Waits for its end, at most `limit`; after that the status is -1.
  End WaitForEnd(std::chrono::milliseconds limit = std::chrono::seconds(30));
  [[nodiscard]] bool Running();

  // Everything on standard error so far, and on standard output after the first line.
  [[nodiscard]] std::string Log() const;
  [[nodiscard]] std::string LaterOutput() const;

 private:
  const TempDir directory_;
  pid_t pid_ = -1;
  int status_ = -1;
  int output_ = -1;
  std::string handshake_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace rootkeep::testing
