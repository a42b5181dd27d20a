#include "signer/client/channel.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <limits>

#include "signer/client/channel_credentials.h"
#include "signer/client/host_check.h"

namespace rootkeep {
namespace {

// Anything beyond is no answer of a certificate authority.
constexpr int kMaxAnswer = 4 * 1024 * 1024;
// Short enough that a retry inside one call's deadline finds a server that has just come back.
constexpr int kFirstReconnectMs = 100;
constexpr int kLongestReconnectMs = 5000;
// Not more often than istiod lets its clients (istio-protocol §1.7).
constexpr int kPingMs = 20'000;
constexpr int kPongMs = 10'000;
constexpr int kConnectMs = 3000;

// Straight to the address, and a connection of its own that is tried again soon.
grpc::ChannelArguments DirectArguments() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestReconnectMs);
  arguments.SetMaxReceiveMessageSize(kMaxAnswer);
  return arguments;
}

void MakeItStay(grpc::ChannelArguments& arguments) {
  arguments.SetInt(GRPC_ARG_CLIENT_IDLE_TIMEOUT_MS, std::numeric_limits<int>::max());
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPongMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMs);
}

}  // namespace

Result<std::shared_ptr<grpc::Channel>> OpenChannel(const ChannelOptions& options) {
  if (options.address.empty()) return InvalidArgument("the server's address is missing");
  if (options.root_pem.empty()) {
    return InvalidArgument("the root certificate that the server is checked against is missing");
  }
  if (options.certificate_chain_pem.empty() != options.private_key_pem.empty()) {
    return InvalidArgument("a client certificate needs its key, and a key its certificate");
  }
  grpc::ChannelArguments arguments = DirectArguments();
  if (options.stays) MakeItStay(arguments);
  if (!options.server_name.empty()) arguments.SetSslTargetNameOverride(options.server_name);
  const std::string host = HostOf(options.server_name.empty() ? options.address : options.server_name);
  return grpc::CreateCustomChannel(options.address, TlsFor(options, host), arguments);
}

Result<std::shared_ptr<grpc::Channel>> OpenLoopbackChannel(const std::string& address) {
  if (!address.starts_with("127.0.0.1:") && !address.starts_with("[::1]:") && !address.starts_with("unix:")) {
    return InvalidArgument(fmt::format("{} is not on this machine: not asked without TLS", address));
  }
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), DirectArguments());
}

void SetDeadline(grpc::ClientContext& context, Deadline deadline) {
  context.set_deadline(
      std::chrono::system_clock::now() +
      std::chrono::duration_cast<std::chrono::system_clock::duration>(deadline - std::chrono::steady_clock::now()));
}

Error FromGrpc(const char* call, const grpc::Status& status) {
  const auto number = static_cast<int>(status.error_code());
  const bool known = number >= 1 && number <= 16;
  return {known ? static_cast<Code>(number) : Code::kUnknown, fmt::format("{}: {}", call, status.error_message())};
}

}  // namespace rootkeep
