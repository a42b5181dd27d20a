#include "signer/rpc/server.h"

#include <fmt/format.h>
#include <grpc/grpc.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>

#include <algorithm>

#include "keystore/base/guard.h"

namespace rootkeep {
namespace {

constexpr int kMaxMessage = 256 * 1024;  // a CSR has at most 64 KiB
constexpr int kMaxMetadata = 64 * 1024;  // tokens have at most 16 KiB
constexpr std::size_t kMaxMemory = std::size_t{512} << 20;
constexpr unsigned kMaxPollers = 16;

// istio-protocol §1.7: clients ping every 15 to 30 s, with or without calls, and must not be sent away for it.
void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessage);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadata);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 100);
  // No client compresses, and a small message can be inflated to any size before its size is looked at.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  // Bandwidth estimation sends pings of its own on every busy connection; our messages are a few kilobytes.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Work for every call that nobody here looks at: statistics of channels, compression of answers, and a timer for the
  // client's deadline, which the issuer keeps anyway.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_DEADLINE_CHECKS, 0);
  grpc::ResourceQuota quota("rootkeep");
  quota.Resize(kMaxMemory);
  builder.SetResourceQuota(quota);
}

// The next event; while work is put off, only one that is there already.
grpc::CompletionQueue::NextStatus Next(grpc::ServerCompletionQueue& queue, const Deferred& deferred, void** tag,
                                       bool* ok) {
  if (deferred.pending()) return queue.AsyncNext(tag, ok, gpr_inf_past(GPR_CLOCK_REALTIME));
  return queue.Next(tag, ok) ? grpc::CompletionQueue::GOT_EVENT : grpc::CompletionQueue::SHUTDOWN;
}

void Poll(const CallQueue& calls) {
  Deferred& deferred = *calls.deferred;
  void* tag = nullptr;
  bool ok = false;
  for (;;) {
    const auto next = Next(*calls.queue, deferred, &tag, &ok);
    RunGuarded("rpc_exception", [&] {
      if (next != grpc::CompletionQueue::GOT_EVENT) return deferred.Run();
      static_cast<Event*>(tag)->Done(ok);
      deferred.Passed();
    });
    if (next == grpc::CompletionQueue::SHUTDOWN) return;
  }
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(const std::vector<ServerListener>& listeners,
                                              const std::vector<QueuedService*>& services) {
  auto server = std::unique_ptr<Server>(new Server());
  grpc::ServerBuilder builder;
  SetLimits(builder);
  server->ports_.resize(listeners.size());
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    builder.AddListeningPort(listeners[i].address, listeners[i].credentials, &server->ports_[i]);
  }
  for (QueuedService* service : services) builder.RegisterService(&service->grpc_service());
  const unsigned pollers = std::clamp(std::thread::hardware_concurrency() / 2, 1U, kMaxPollers);
  for (unsigned i = 0; i < pollers; ++i) {
    const auto& queue = server->queues_.emplace_back(builder.AddCompletionQueue());
    server->calls_.push_back({queue.get(), server->gate_, std::make_shared<Deferred>()});
  }
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr) {
    std::string addresses;
    for (const ServerListener& listener : listeners) addresses += " " + listener.address;
    return Unavailable(fmt::format("grpc: could not listen on{}", addresses))
        .WithHint("is another process using the address? ss -ltnp shows it");
  }
  for (const CallQueue& calls : server->calls_) {
    for (QueuedService* service : services) service->Await(calls);
    const bool started =
        RunGuarded("rpc_poller_not_started", [&] { server->pollers_.emplace_back([&calls] { Poll(calls); }); });
    if (!started)
      return Unavailable("grpc: a polling thread could not be started").WithHint("see TasksMax and ulimit -u");
  }
  return server;
}

Server::~Server() { Shutdown(std::chrono::system_clock::now()); }

void Server::Shutdown(std::chrono::system_clock::time_point deadline) {
  if (server_ != nullptr) server_->Shutdown(deadline);
  gate_->Close();
  for (const auto& queue : queues_) queue->Shutdown();
  pollers_.clear();
  for (const CallQueue& calls : calls_) Poll(calls);  // a server that did not start has no pollers
  calls_.clear();
  queues_.clear();
  server_.reset();
}

}  // namespace rootkeep
