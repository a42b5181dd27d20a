// The stream on which a node attests itself, message by message.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <stop_token>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "proto/rootkeep/v1/node_attestation.grpc.pb.h"

namespace rootkeep {

// One call, used by one thread. Cancelled when it goes before its end.
class AttestationStream {
 public:
  // Connects. UNAVAILABLE, and whatever else the service or gRPC says, when that fails; nothing of the stream takes
  // longer than until `deadline`, nor, with CANCELLED, goes on after the stop.
  static Result<std::unique_ptr<AttestationStream>> Open(const std::shared_ptr<grpc::Channel>& channel,
                                                         Deadline deadline, const std::stop_token& stop);
  ~AttestationStream();
  AttestationStream(const AttestationStream&) = delete;
  AttestationStream& operator=(const AttestationStream&) = delete;

  // SHA-256 of the DER certificate that the service showed on this very connection.
  [[nodiscard]] const Bytes& server_identity() const { return server_identity_; }

  Status Send(const v1::AttestRequest& request);
  Result<v1::AttestResponse> Receive();
  // Nothing more is sent, and nothing more may come.
  Status Finish();

 private:
  struct Cancel {
    grpc::ClientContext& context;
    void operator()() const { context.TryCancel(); }
  };

  AttestationStream() = default;
  Status IdentifyServer();
  // What the service said when the stream broke, with the request id by which its record has the reason.
  Error Broken(const char* step);

  grpc::ClientContext context_;
  std::unique_ptr<v1::NodeAttestation::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::AttestRequest, v1::AttestResponse>> call_;
  Bytes server_identity_;
  bool finished_ = false;
  std::optional<std::stop_callback<Cancel>> cancel_;  // goes before the context does
};

}  // namespace rootkeep
