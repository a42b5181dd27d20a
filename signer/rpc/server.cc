#include "signer/rpc/server.h"

#include <fmt/format.h>
#include <grpc/grpc.h>

#include <algorithm>

#include "keystore/base/guard.h"
#include "signer/rpc/listener_limits.h"

namespace rootkeep {
namespace {

constexpr std::size_t kMaxMemory = std::size_t{512} << 20;
constexpr unsigned kMaxPollers = 16;

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
                                              const std::vector<QueuedService*>& services,
                                              const std::vector<HandedListener>& handed) {
  auto server = std::unique_ptr<Server>(new Server());
  grpc::ServerBuilder builder;
  SetListenerLimits(builder, kMaxMemory);
  // No timer for the client's deadline, which the issuer keeps anyway.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_DEADLINE_CHECKS, 0);
  server->ports_.resize(listeners.size());
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    builder.AddListeningPort(listeners[i].address, listeners[i].credentials, &server->ports_[i]);
  }
  for (const HandedListener& listener : handed) {
    server->acceptors_.push_back(builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, listener.credentials));
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

void Server::Hand(std::size_t index, Fd connection) {
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
  parameters.fd = connection.Release();
  acceptors_[index]->HandleNewConnection(&parameters);
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
