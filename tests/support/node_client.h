// A node on a TPM simulator that speaks NodeAttestation, a step at a time.
#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <memory>
#include <string>

#include "proto/rootkeep/v1/node_attestation.grpc.pb.h"
#include "tests/support/attest_node.h"

namespace rootkeep::testing {

// Messages as a node sends them. `server_identity` is the SHA-256 of the certificate that it saw.
v1::AttestInit ToProto(const attestation::AttestInit& init, ByteView server_identity);
v1::AttestEvidence ToProto(const attestation::AttestEvidence& evidence);
attestation::AttestChallenge ToWire(const v1::AttestChallenge& challenge);

// SHA-256 of a certificate's DER.
Bytes IdentityOf(ByteView certificate_der);

// One stream. Each step is false when the service ended it; then Status() says why.
class AttestStream {
 public:
  explicit AttestStream(const std::shared_ptr<grpc::Channel>& channel);

  bool Send(const v1::AttestInit& init);
  bool Send(const v1::AttestEvidence& evidence);
  bool SendBootLogPart(const std::string& part);
  bool Receive(v1::AttestResponse& response) { return stream_->Read(&response); }
  // Says that nothing more will come.
  void Close() { stream_->WritesDone(); }
  void Cancel() { context_.TryCancel(); }
  grpc::Status Status() { return stream_->Finish(); }
  // Trailing metadata; after Status.
  [[nodiscard]] std::string Trailer(const std::string& key) const;

 private:
  grpc::ClientContext context_;
  std::unique_ptr<v1::NodeAttestation::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::AttestRequest, v1::AttestResponse>> stream_;
};

// The whole of it for an honest node; `result` is empty when the service ended the stream before.
struct AttestOutcome {
  grpc::Status status;
  v1::AttestResult result;
};
AttestOutcome AttestOver(const std::shared_ptr<grpc::Channel>& channel, const AttestNode& node,
                         const std::string& node_id, ByteView server_identity, const std::string& boot_log = "");

}  // namespace rootkeep::testing
