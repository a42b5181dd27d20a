#include "signer/rpc/server.h"

#include <fmt/format.h>
#include <grpc/grpc.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>

namespace rootkeep {
namespace {

constexpr int kMaxMessage = 256 * 1024;  // a CSR has at most 64 KiB
constexpr int kMaxMetadata = 64 * 1024;  // tokens have at most 16 KiB
constexpr std::size_t kMaxMemory = std::size_t{512} << 20;

// istio-protocol §1.7: clients ping every 15 to 30 s, with or without calls, and must not be sent away for it.
void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessage);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadata);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 1'000);
  // Bandwidth estimation sends pings of its own on every busy connection; our messages are a few kilobytes.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  grpc::ResourceQuota quota("rootkeep");
  quota.Resize(kMaxMemory);
  builder.SetResourceQuota(quota);
}

}  // namespace

Result<RunningServer> StartServer(const std::vector<ServerListener>& listeners,
                                  const std::vector<grpc::Service*>& services) {
  grpc::ServerBuilder builder;
  SetLimits(builder);
  RunningServer running;
  running.ports.resize(listeners.size());
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    builder.AddListeningPort(listeners[i].address, listeners[i].credentials, &running.ports[i]);
  }
  for (grpc::Service* service : services) builder.RegisterService(service);
  running.server = builder.BuildAndStart();
  if (running.server != nullptr) return running;
  std::string addresses;
  for (const ServerListener& listener : listeners) addresses += " " + listener.address;
  return Unavailable(fmt::format("grpc: could not listen on{}", addresses))
      .WithHint("is another process using the address? ss -ltnp shows it");
}

}  // namespace rootkeep
