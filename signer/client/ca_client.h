// Asks rootkeepd's CertificateAuthority.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "proto/rootkeep/v1/certificate_authority.pb.h"
#include "signer/client/ca_connection.h"

namespace grpc {
class ServerContext;
}  // namespace grpc

namespace rootkeep {

// Thread-safe. Nothing is tried twice. Errors carry the server's code and words; UNAVAILABLE while it is away, as
// CaConnection::Channel's when a file cannot be read.
class CaClient {
 public:
  // Errors as CaConnection::Make's.
  static Result<std::unique_ptr<CaClient>> Make(CaConnectionOptions options);

  // Block until the answer or the deadline, and no longer than the call `within` lasts when one is given, on whose
  // behalf we ask. DATA_LOSS for an answer without certificates.
  Result<v1::SignCertificateResponse> SignCertificate(const v1::SignCertificateRequest& request, Deadline deadline,
                                                      const grpc::ServerContext* within = nullptr);
  Result<v1::PublishJwtKeyResponse> PublishJwtKey(const v1::PublishJwtKeyRequest& request, Deadline deadline,
                                                  const grpc::ServerContext* within = nullptr);

  // Gives each bundle of the stream to `changed`, until that returns an error, the server ends the stream or is lost,
  // or the stop. Never returns success.
  Error WatchTrustBundle(const v1::WatchTrustBundleRequest& request,
                         const std::function<Status(const v1::TrustBundle&)>& changed, const std::stop_token& stop);

 private:
  explicit CaClient(std::unique_ptr<CaConnection> connection) : connection_(std::move(connection)) {}

  template <typename Response, typename Method, typename Request>
  Result<Response> Ask(const char* name, Method method, const Request& request, Deadline deadline,
                       const grpc::ServerContext* within);
  [[nodiscard]] Error Describe(const char* call, const grpc::Status& status) const;

  const std::unique_ptr<CaConnection> connection_;
};

}  // namespace rootkeep
