#include "signer/rpc/handed_connections.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_metadata_processor.h>

#include <charconv>
#include <utility>

#include "keystore/base/mutex.h"

namespace rootkeep {
namespace {

constexpr char kCaller[] = "rootkeep_socket_caller";
constexpr char kTrustDomain[] = "rootkeep_socket_trust_domain";
constexpr char kUser[] = "rootkeep_socket_user";

// Marks each connection once. All calls of a connection share its AuthContext, which has no lock of its own: they read
// it after they have been here, and only the first writes.
class Mark final : public grpc::AuthMetadataProcessor {
 public:
  explicit Mark(SocketCaller caller) : caller_(std::move(caller)) {}

  [[nodiscard]] bool IsBlocking() const override { return false; }
  grpc::Status Process(const InputMetadata&, grpc::AuthContext* context, OutputMetadata*, OutputMetadata*) override {
    const MutexLock lock(mutex_);
    if (!context->FindPropertyValues(kCaller).empty()) return grpc::Status::OK;
    context->AddProperty(kCaller, caller_.name);
    context->AddProperty(kTrustDomain, caller_.trust_domain);
    context->AddProperty(kUser, std::to_string(caller_.user));
    return grpc::Status::OK;
  }

 private:
  const SocketCaller caller_;
  Mutex mutex_;
};

// Empty unless there is exactly one.
std::string Property(const grpc::AuthContext& context, const char* name) {
  const auto values = context.FindPropertyValues(name);
  return values.size() == 1 ? std::string(values[0].data(), values[0].size()) : std::string();
}

}  // namespace

std::shared_ptr<grpc::ServerCredentials> SocketCredentials(SocketCaller caller) {
  auto credentials = grpc::experimental::LocalServerCredentials(UDS);
  credentials->SetAuthMetadataProcessor(std::make_shared<Mark>(std::move(caller)));
  return credentials;
}

std::optional<SocketCaller> SocketCallerOf(const grpc::AuthContext& context) {
  SocketCaller caller{.name = Property(context, kCaller), .trust_domain = Property(context, kTrustDomain)};
  if (caller.name.empty()) return std::nullopt;
  const std::string user = Property(context, kUser);
  const auto [end, error] = std::from_chars(user.data(), user.data() + user.size(), caller.user);
  if (error != std::errc() || end != user.data() + user.size()) return std::nullopt;
  return caller;
}

}  // namespace rootkeep
