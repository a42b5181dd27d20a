// NodeAttestation: the door at which nodes prove themselves.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "proto/rootkeep/v1/node_attestation.grpc.pb.h"
#include "signer/issue/issuer.h"
#include "signer/node/node_attestor.h"
#include "signer/node/workers.h"
#include "signer/rpc/boot_log_room.h"
#include "signer/rpc/event.h"

namespace rootkeep {

// A few lines between gRPC, NodeAttestor and Issuer. The polling threads only move messages; what blocks or takes long
// is done by `workers`. Refusals say nothing outside and everything in log and metrics. Calls without TLS are refused.
class NodeAttestationService final : public QueuedService {
 public:
  struct Options {
    // Whether this is the SHA-256 of a certificate (DER) that a listener of ours shows, or showed until lately.
    // Thread-safe.
    std::function<bool(ByteView)> is_server_identity;
    std::chrono::milliseconds issue_within{10'000};  // from right evidence to its certificate
    std::chrono::milliseconds first_message_within{10'000};
    std::size_t most_boot_logs = std::size_t{64} << 20;  // octets of boot logs held at once; BootLogRoom
  };

  // All outlive the service; `issuer` and `workers`, which answer whenever they do, end after the server and before it.
  struct Parts {
    NodeAttestor& attestor;
    Issuer& issuer;
    Workers& workers;
    Metrics& metrics;
  };

  NodeAttestationService(Parts parts, Options options)
      : parts_(parts), options_(std::move(options)), boot_logs_(options_.most_boot_logs) {}

  grpc::Service& grpc_service() override { return service_; }
  void Await(const CallQueue& queue) override;

 private:
  class Stream;

  const Parts parts_;
  const Options options_;
  const BootLogRoom boot_logs_;
  v1::NodeAttestation::AsyncService service_;
};

}  // namespace rootkeep
