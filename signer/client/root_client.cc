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

template <typename Method, typename Request>
Result<v1::RootList> RootClient::Ask(const char* name, Method method, const Request& request, Deadline deadline) {
  RK_TRY(const auto channel, connection_->Channel());
  const auto stub = v1::TrustBundleAdministration::NewStub(channel);
  grpc::ClientContext context;
  SetDeadline(context, deadline);
  RK_RETURN_IF_ERROR(connection_->Authorize(context));
  v1::RootList roots;
  const grpc::Status status = (stub.get()->*method)(&context, request, &roots);
  if (status.ok()) return roots;
  Error error = FromGrpc(name, status);
  if (error.code() != Code::kUnavailable) return error;
  return std::move(error).WithHint(fmt::format("is rootkeepd up and ready at {}?", connection_->address()));
}

Result<v1::RootList> RootClient::List(const v1::ListRootsRequest& request, Deadline deadline) {
  return Ask("ListRoots", &Stub::ListRoots, request, deadline);
}

Result<v1::RootList> RootClient::Add(const v1::AddRootRequest& request, Deadline deadline) {
  return Ask("AddRoot", &Stub::AddRoot, request, deadline);
}

Result<v1::RootList> RootClient::Activate(const v1::ActivateRootRequest& request, Deadline deadline) {
  return Ask("ActivateRoot", &Stub::ActivateRoot, request, deadline);
}

Result<v1::RootList> RootClient::Taint(const v1::TaintRootRequest& request, Deadline deadline) {
  return Ask("TaintRoot", &Stub::TaintRoot, request, deadline);
}

Result<v1::RootList> RootClient::Remove(const v1::RemoveRootRequest& request, Deadline deadline) {
  return Ask("RemoveRoot", &Stub::RemoveRoot, request, deadline);
}

}  // namespace rootkeep
