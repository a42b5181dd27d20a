#include "keystore/keysocket/server/server.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>

#include "keystore/base/log.h"
#include "keystore/keysocket/server/peer.h"

namespace rootkeep::keysocket {
namespace {

using Clock = std::chrono::steady_clock;

Error Stopping() { return Unavailable("the agent is being stopped").WithRetryAfter(std::chrono::milliseconds(100)); }

bool IsGone(int fd) {
  char octet = 0;
  return recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

}  // namespace

Server::Server(std::vector<SocketOptions> sockets, std::vector<ServedToken> tokens, const ServerOptions& options)
    : options_(options),
      sockets_(std::move(sockets)),
      handler_(std::move(tokens), options.permit, options.observer,
               [this](pid_t process, const std::string& token, const LabelParts& key) {
                 return HasConnection(process, token, key);
               }) {
  const auto managers = [&] { return std::make_unique<WorkLane>(options.managers, options.max_waiting); };
  for (const ServedToken& token : handler_.tokens()) {
    lanes_.push_back(std::make_unique<WorkLane>(token.workers, options.max_waiting));
    managing_.push_back(managers());
  }
  managing_.push_back(managers());
}

Server::~Server() {
  Drain(std::chrono::milliseconds(0));
  if (end_.valid()) eventfd_write(end_.get(), 1);
  threads_.clear();
}

Result<std::unique_ptr<Server>> Server::Start(std::vector<SocketOptions> sockets, std::vector<ServedToken> tokens,
                                              const ServerOptions& options, std::map<std::string, Fd> adopted) {
  for (const SocketOptions& socket : sockets) RK_RETURN_IF_ERROR(CheckSocket(socket));
  auto server = std::unique_ptr<Server>(new Server(std::move(sockets), std::move(tokens), options));
  RK_RETURN_IF_ERROR(server->Listen(std::move(adopted)));
  RK_RETURN_IF_ERROR(server->StartThreads());
  return server;
}

bool Server::Watch(int fd, std::uint32_t events, Watched& watched, int operation) const {
  epoll_event event{.events = events, .data = {.ptr = &watched}};
  return epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
}

Status Server::Listen(std::map<std::string, Fd> adopted) {
  epoll_ = Fd(epoll_create1(EPOLL_CLOEXEC));
  timer_ = Fd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  end_ = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll_.valid() || !timer_.valid() || !end_.valid()) return ErrnoError("epoll_create1", errno);
  const MutexLock lock(mutex_);
  for (const SocketOptions& options : sockets_) {
    const auto given = adopted.find(options.name);
    RK_TRY(Listener listener,
           given != adopted.end() ? Listener::Adopt(std::move(given->second), options.name) : Listener::Open(options));
    doors_.push_back(std::make_unique<Door>(options, std::move(listener)));
    Door& door = *doors_.back();
    if (!Watch(door.listener.fd(), EPOLLIN | EPOLLONESHOT, door, EPOLL_CTL_ADD)) return ErrnoError("epoll_ctl", errno);
  }
  return Ok();
}

Status Server::StartThreads() {
  timer_watched_ = std::make_unique<Watched>(Watched{Watched::Kind::kTimer});
  end_watched_ = std::make_unique<Watched>(Watched{Watched::Kind::kEnd});
  const auto tick = std::chrono::duration_cast<std::chrono::nanoseconds>(options_.tick).count();
  const timespec period{.tv_sec = tick / 1'000'000'000, .tv_nsec = tick % 1'000'000'000};
  const itimerspec times{.it_interval = period, .it_value = period};
  if (timerfd_settime(timer_.get(), 0, &times, nullptr) != 0 ||
      !Watch(timer_.get(), EPOLLIN | EPOLLONESHOT, *timer_watched_, EPOLL_CTL_ADD) ||
      !Watch(end_.get(), EPOLLIN, *end_watched_, EPOLL_CTL_ADD)) {
    return ErrnoError("timerfd_settime", errno);
  }
  unsigned count = 1 + options_.stayers;
  for (const auto* lanes : {&lanes_, &managing_}) {
    for (const auto& lane : *lanes) count += lane->workers();
  }
  for (unsigned i = 0; i < count; ++i) threads_.emplace_back([this] { Run(); });
  return Ok();
}

void Server::Run() noexcept {
  Memory memory;
  for (;;) {
    epoll_event event{};
    if (epoll_wait(epoll_.get(), &event, 1, -1) <= 0) continue;
    auto& watched = *static_cast<Watched*>(event.data.ptr);
    if (watched.kind == Watched::Kind::kEnd) return;
    try {
      OnEvent(watched, memory);
    } catch (...) {
      // No memory for this one: whoever waits for it is not answered, and others are.
      log::Failure("keysocket.out_of_memory");
    }
  }
}

void Server::OnEvent(Watched& watched, Memory& memory) {
  switch (watched.kind) {
    case Watched::Kind::kDoor: {
      auto& door = static_cast<Door&>(watched);
      door.shut = true;  // until the next tick, unless it gets as far as to be opened again
      Accept(door);
      break;
    }
    case Watched::Kind::kTimer: Tick(); break;
    case Watched::Kind::kPeer: Serve(static_cast<Peer&>(watched).shared_from_this(), memory); break;
    case Watched::Kind::kEnd: break;
  }
}

void Server::Serve(PeerPtr peer, Memory& memory) {
  for (bool come = true; peer != nullptr; come = false) {
    const PeerPtr present = std::move(peer);
    try {
      peer = come ? Read(present, memory) : Stay(present, memory);
    } catch (...) {
      Close(present);
      throw;
    }
  }
}

Server::PeerPtr Server::Read(const PeerPtr& peer, Memory& memory) {
  peer->busy = true;
  return OnPacket(peer, recv(peer->fd.get(), memory.request.data(), memory.request.size(), MSG_TRUNC | MSG_DONTWAIT),
                  memory);
}

Server::PeerPtr Server::Stay(const PeerPtr& peer, Memory& memory) {
  if (staying_.fetch_add(1) >= options_.stayers) {
    --staying_;
    WaitForNext(peer);
    return nullptr;
  }
  peer->since = Clock::now();
  peer->busy = false;
  // As in WaitForNext: who drains the server sees that nothing is under way here, and ends the wait by shutting it
  // down.
  const ssize_t size = draining_ ? 0 : recv(peer->fd.get(), memory.request.data(), memory.request.size(), MSG_TRUNC);
  const int error = errno;
  --staying_;
  peer->busy = true;
  errno = error;
  return OnPacket(peer, size, memory);
}

Server::PeerPtr Server::OnPacket(const PeerPtr& peer, ssize_t size, Memory& memory) {
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
    WaitForNext(peer);
    return nullptr;
  }
  if (size <= 0) {
    Close(peer);
    return nullptr;
  }
  Request request;
  const auto length = static_cast<std::size_t>(size);
  const bool understood = length <= memory.request.size() && Decode(ByteView(memory.request).first(length), request);
  const bool hello = understood && std::holds_alternative<HelloCall>(request.call);
  if (!understood || hello == peer->greeted) {
    handler_.audit().Denied(*peer->visitor.socket, peer->visitor.caller, "speak", "", "what it sent is no request");
    Close(peer);
    return nullptr;
  }
  if (hello) {
    Greet(peer, request, memory);
    return nullptr;
  }
  const auto [lane, useful] = PlaceOf(*peer, request);
  const Share share{.priority = Priority::kInteractive, .flow = peer->visitor.flow};
  const auto mine = lane.Enter(share, peer->door, useful, [&]() -> WorkLane::Job {
    return {peer, peer->door, ToBytes(ByteView(memory.request).first(length)), Clock::now()};
  });
  if (!mine.ok()) {
    const std::size_t reply = handler_.Refuse(request, mine.error(), memory.reply);
    if (Send(peer, ByteView(memory.reply).first(reply))) WaitForNext(peer);
    return nullptr;
  }
  return *mine ? Work(lane, peer, request, memory) : nullptr;
}

void Server::Greet(const PeerPtr& peer, const Request& request, Memory& memory) {
  const auto& hello = *std::get_if<HelloCall>(&request.call);
  Reply reply{request.number, HelloReply{std::min(hello.highest, kHighestVersion)}};
  if (!IsKnown(*peer->visitor.socket, peer->visitor.caller)) {
    handler_.audit().Denied(*peer->visitor.socket, peer->visitor.caller, "connect", "", "no grant names this caller");
    reply.reply = WireFailure(FailureCode::kPermissionDenied, "not_permitted", "this socket does not serve this user");
  } else if (hello.highest < kLowestVersion || hello.lowest > kHighestVersion) {
    reply.reply = WireFailure(FailureCode::kFailedPrecondition, kReasonAgentVersion,
                              "the agent speaks none of the caller's versions");
  } else {
    peer->greeted = true;
  }
  const std::size_t size = Encode(reply, memory.reply);
  if (!Send(peer, ByteView(memory.reply).first(size))) return;
  if (peer->greeted) return WaitForNext(peer);
  Close(peer);
}

Server::Place Server::PlaceOf(const Peer& peer, const Request& request) {
  const auto* sign = std::get_if<SignCall>(&request.call);
  const ServedKeyPtr key = sign == nullptr ? nullptr : handler_.Ready(peer.visitor, *sign);
  if (key == nullptr) {
    WorkLane& lane = *managing_[handler_.OnlyToken(peer.visitor, request).value_or(lanes_.size())];
    return {lane, lane.workers()};
  }
  // More threads would only wait for each other: here a call waits without one. With several callers at a token that
  // computes here some wait in the token's queue nevertheless.
  return {*lanes_[key->token], key->signer->Places()};
}

Deadline Server::DeadlineOf(const Request& request, Deadline arrived) const {
  return arrived +
         std::min<std::chrono::milliseconds>(std::chrono::milliseconds(request.wait_ms), options_.longest_call);
}

Server::PeerPtr Server::Work(WorkLane& lane, PeerPtr peer, const Request& request, Memory& memory) {
  const std::size_t size =
      handler_.Answer(peer->visitor, request, {.deadline = DeadlineOf(request, Clock::now())}, memory.reply);
  if (!Send(peer, ByteView(memory.reply).first(size))) peer.reset();
  while (auto job = lane.Next()) {
    if (peer != nullptr) WaitForNext(peer);
    peer = AnswerJob(std::move(*job), memory);
  }
  return peer;
}

Server::PeerPtr Server::AnswerJob(WorkLane::Job job, Memory& memory) {
  Request request;
  // It has been understood before, and is now again what it points into.
  if (!Decode(job.message, request) || IsGone(job.owner->fd.get())) {
    Close(job.owner);
    return nullptr;
  }
  const Turn turn{.deadline = DeadlineOf(request, job.arrived), .waited = Clock::now() - job.arrived};
  const std::size_t size = refusing_ ? handler_.Refuse(request, Stopping(), memory.reply)
                                     : handler_.Answer(job.owner->visitor, request, turn, memory.reply);
  return Send(job.owner, ByteView(memory.reply).first(size)) ? std::move(job.owner) : nullptr;
}

bool Server::Send(const PeerPtr& peer, ByteView reply) {
  ssize_t sent = -1;
  do {
    sent = send(peer->fd.get(), reply.data(), reply.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  // There is room for one reply, and only one is owed: who has none has not taken those before.
  if (!reply.empty() && sent > 0) return true;
  Close(peer);
  return false;
}

void Server::WaitForNext(const PeerPtr& peer) {
  peer->since = Clock::now();
  peer->busy = false;
  // After that: either this thread sees that the server is being drained, or who drains it sees that nothing is under
  // way.
  if (draining_) return Close(peer);
  if (!Watch(peer->fd.get(), EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, *peer, EPOLL_CTL_MOD)) Close(peer);
}

std::size_t Server::waiting() const {
  std::size_t count = 0;
  for (const auto* lanes : {&lanes_, &managing_}) {
    for (const auto& lane : *lanes) count += lane->waiting();
  }
  return count;
}

}  // namespace rootkeep::keysocket
