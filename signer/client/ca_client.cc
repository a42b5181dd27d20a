#include "signer/client/ca_client.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include "proto/rootkeep/v1/certificate_authority.grpc.pb.h"

namespace rootkeep {
namespace {

using Stub = v1::CertificateAuthority::Stub;

std::unique_ptr<grpc::ClientContext> MakeContext(const grpc::ServerContext* within) {
  if (within == nullptr) return std::make_unique<grpc::ClientContext>();
  return grpc::ClientContext::FromServerContext(*within);
}

// A server that has come back is found by the next call, not after the wait that its absence has grown to.
std::unique_ptr<Stub> MakeStub(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::experimental::ChannelResetConnectionBackoff(channel.get());
  return v1::CertificateAuthority::NewStub(channel);
}

}  // namespace

Result<std::unique_ptr<CaClient>> CaClient::Make(CaConnectionOptions options) {
  RK_TRY(auto connection, CaConnection::Make(std::move(options)));
  return std::unique_ptr<CaClient>(new CaClient(std::move(connection)));
}

Error CaClient::Describe(const char* call, const grpc::Status& status) const {
  Error error = FromGrpc(call, status);
  if (error.code() != Code::kUnavailable) return error;
  return std::move(error).WithHint(fmt::format("is rootkeepd up and ready at {}?", connection_->address()));
}

template <typename Response, typename Method, typename Request>
Result<Response> CaClient::Ask(const char* name, Method method, const Request& request, Deadline deadline,
                               const grpc::ServerContext* within) {
  RK_TRY(const auto channel, connection_->Channel());
  const auto context = MakeContext(within);
  SetDeadline(*context, deadline);
  RK_RETURN_IF_ERROR(connection_->Authorize(*context));
  Response response;
  const grpc::Status status = (MakeStub(channel).get()->*method)(context.get(), request, &response);
  if (!status.ok()) return Describe(name, status);
  return response;
}

Result<v1::SignCertificateResponse> CaClient::SignCertificate(const v1::SignCertificateRequest& request,
                                                              Deadline deadline, const grpc::ServerContext* within) {
  auto answer = Ask<v1::SignCertificateResponse>("SignCertificate", &Stub::SignCertificate, request, deadline, within);
  if (answer.ok() && (answer->chain().empty() || answer->trust_bundle().roots().empty())) {
    return Error(Code::kDataLoss, "SignCertificate: the answer has no certificate or no root");
  }
  return answer;
}

Result<v1::PublishJwtKeyResponse> CaClient::PublishJwtKey(const v1::PublishJwtKeyRequest& request, Deadline deadline,
                                                          const grpc::ServerContext* within) {
  return Ask<v1::PublishJwtKeyResponse>("PublishJwtKey", &Stub::PublishJwtKey, request, deadline, within);
}

Error CaClient::WatchTrustBundle(const v1::WatchTrustBundleRequest& request,
                                 const std::function<Status(const v1::TrustBundle&)>& changed,
                                 const std::stop_token& stop) {
  RK_TRY(const auto channel, connection_->Channel());
  grpc::ClientContext context;
  RK_RETURN_IF_ERROR(connection_->Authorize(context));
  const std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
  const auto stream = MakeStub(channel)->WatchTrustBundle(&context, request);
  v1::TrustBundle bundle;
  Status taken = Ok();
  while (taken.ok() && stream->Read(&bundle)) taken = changed(bundle);
  if (!taken.ok()) context.TryCancel();
  const grpc::Status status = stream->Finish();
  if (!taken.ok()) return taken.error();
  if (status.ok()) return Unavailable("WatchTrustBundle: the server has ended the stream");
  return Describe("WatchTrustBundle", status);
}

}  // namespace rootkeep
