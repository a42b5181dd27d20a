#include "signer/client/root_client.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include "proto/rootkeep/v1/trust_bundle_administration.grpc.pb.h"

namespace rootkeep {

using Stub = v1::TrustBundleAdministration::Stub;

Result<std::unique_ptr<RootClient>> RootClient::Make(CaConnectionOptions options) {
  RK_TRY(auto connection, CaConnection::Make(std::move(options)));
  return std::unique_ptr<RootClient>(new RootClient(std::move(connection)));
}

template <typename Response, typename Method, typename Request>
Result<Response> RootClient::Ask(const char* name, Method method, const Request& request, Deadline deadline) {
  RK_TRY(const auto channel, connection_->Channel());
  const auto stub = v1::TrustBundleAdministration::NewStub(channel);
  grpc::ClientContext context;
  SetDeadline(context, deadline);
  RK_RETURN_IF_ERROR(connection_->Authorize(context));
  Response response;
  const grpc::Status status = (stub.get()->*method)(&context, request, &response);
  if (status.ok()) return response;
  Error error = FromGrpc(name, status);
  if (error.code() != Code::kUnavailable) return error;
  return std::move(error).WithHint(fmt::format("is rootkeepd up and ready at {}?", connection_->address()));
}

Result<v1::RootList> RootClient::List(const v1::ListRootsRequest& request, Deadline deadline) {
  return Ask<v1::RootList>("ListRoots", &Stub::ListRoots, request, deadline);
}

Result<v1::RootList> RootClient::Add(const v1::AddRootRequest& request, Deadline deadline) {
  return Ask<v1::RootList>("AddRoot", &Stub::AddRoot, request, deadline);
}

Result<v1::RootList> RootClient::Activate(const v1::ActivateRootRequest& request, Deadline deadline) {
  return Ask<v1::RootList>("ActivateRoot", &Stub::ActivateRoot, request, deadline);
}

Result<v1::RootList> RootClient::Taint(const v1::TaintRootRequest& request, Deadline deadline) {
  return Ask<v1::RootList>("TaintRoot", &Stub::TaintRoot, request, deadline);
}

Result<v1::RootList> RootClient::Remove(const v1::RemoveRootRequest& request, Deadline deadline) {
  return Ask<v1::RootList>("RemoveRoot", &Stub::RemoveRoot, request, deadline);
}

Result<v1::JwtKeyList> RootClient::ListJwtKeys(const v1::ListJwtKeysRequest& request, Deadline deadline) {
  return Ask<v1::JwtKeyList>("ListJwtKeys", &Stub::ListJwtKeys, request, deadline);
}

Result<v1::JwtKeyList> RootClient::RemoveJwtKey(const v1::RemoveJwtKeyRequest& request, Deadline deadline) {
  return Ask<v1::JwtKeyList>("RemoveJwtKey", &Stub::RemoveJwtKey, request, deadline);
}

}  // namespace rootkeep
