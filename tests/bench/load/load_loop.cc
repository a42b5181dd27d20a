#include "tests/bench/load/load_loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "tests/bench/load/grpc_frame.h"

namespace rootkeep::bench {
namespace {

constexpr auto kOpenLimit = std::chrono::seconds(15);
constexpr auto kDrainLimit = std::chrono::seconds(10);
constexpr std::size_t kMostFailures = 200;
constexpr int kPollMs = 20;

}  // namespace

Result<LoadResult> LoadLoop::Run() {
  epoll_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid()) return ErrnoError("epoll_create1", errno);
  slots_.resize(spec_.connections);
  for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i].next_message = i;
  result_.outcomes.reserve(workload_.messages.size());
  if (!spec_.fresh_connections) RK_RETURN_IF_ERROR(OpenAll());
  RK_RETURN_IF_ERROR(Measure());
  RK_RETURN_IF_ERROR(Drain());
  return std::move(result_);
}

Status LoadLoop::OpenAll() {
  for (Slot& slot : slots_) RK_RETURN_IF_ERROR(Reconnect(slot));
  const auto limit = Clock::now() + kOpenLimit;
  const auto established = [](const Slot& slot) { return slot.connection->established(); };
  while (!std::all_of(slots_.begin(), slots_.end(), established)) {
    if (Clock::now() > limit) return Unavailable("the server did not accept all connections in time");
    RK_RETURN_IF_ERROR(Poll());
  }
  return Ok();
}

Status LoadLoop::Measure() {
  asking_ = true;
  for (Slot& slot : slots_) {
    RK_RETURN_IF_ERROR(StartNext(slot));
    if (slot.connection != nullptr) RK_RETURN_IF_ERROR(UpdateInterest(slot));
  }
  auto begin = Clock::now() + spec_.warmup;
  while (Clock::now() < begin && !result_.exhausted) RK_RETURN_IF_ERROR(Poll());

  begin = Clock::now();
  result_.measured_begin = result_.outcomes.size();
  const CpuReading before = ReadCpu(spec_.server_pid);
  while (Clock::now() < begin + spec_.duration && !result_.exhausted) RK_RETURN_IF_ERROR(Poll());

  const CpuReading after = ReadCpu(spec_.server_pid);
  result_.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  result_.measured_end = result_.outcomes.size();
  result_.cpu = {.generator = after.generator - before.generator,
                 .server = after.server - before.server,
                 .machine = after.machine - before.machine};
  return Ok();
}

Status LoadLoop::Drain() {
  asking_ = false;
  const auto limit = Clock::now() + kDrainLimit;
  while (AnyBusy()) {
    if (Clock::now() > limit) return Unavailable("requests are still unanswered long after the run");
    RK_RETURN_IF_ERROR(Poll());
  }
  return Ok();
}

Status LoadLoop::Poll() {
  std::array<epoll_event, 256> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), kPollMs);
  if (count < 0) return errno == EINTR ? Ok() : Status(ErrnoError("epoll_wait", errno));
  for (int i = 0; i < count; ++i) {
    Slot& slot = slots_[events[static_cast<std::size_t>(i)].data.u64];
    if (const Status done = OnReady(slot); !done.ok()) RK_RETURN_IF_ERROR(OnFailure(slot, done.error()));
    if (slot.connection != nullptr) RK_RETURN_IF_ERROR(UpdateInterest(slot));
  }
  return Ok();
}

Status LoadLoop::Reconnect(Slot& slot) {
  const auto index = static_cast<std::size_t>(&slot - slots_.data());
  const ClientIdentity* identity = nullptr;
  if (workload_.identities != nullptr) identity = &(*workload_.identities)[index % workload_.identities->size()];
  slot.connection.reset();  // closed first, so that the kernel forgets its place in the epoll set
  RK_TRY(slot.connection, Connection::Open(tls_, spec_.port, spec_.authority, identity));
  slot.interest = EPOLLIN | EPOLLOUT;
  epoll_event event{.events = slot.interest, .data = {.u64 = index}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, slot.connection->fd(), &event) != 0) {
    return ErrnoError("epoll_ctl", errno);
  }
  return Ok();
}

Status LoadLoop::StartNext(Slot& slot) {
  if (slot.next_message >= workload_.messages.size()) {
    result_.exhausted = true;
    return Ok();
  }
  slot.message = slot.next_message;
  slot.next_message += slots_.size();
  slot.busy = true;
  slot.asked = Clock::now();
  if (spec_.fresh_connections) RK_RETURN_IF_ERROR(Reconnect(slot));
  GrpcCall call{.path = kCreateCertificatePath, .message = workload_.messages[slot.message], .authorization = {}};
  if (const auto& values = workload_.authorizations; !values.empty()) {
    call.authorization = values[slot.message % values.size()];
  }
  return slot.connection->Send(call);
}

Status LoadLoop::OnReady(Slot& slot) {
  RK_RETURN_IF_ERROR(slot.connection->OnReady());
  auto reply = slot.connection->TakeReply();
  return reply ? Finish(slot, std::move(*reply)) : Ok();
}

Status LoadLoop::Finish(Slot& slot, GrpcReply reply) {
  slot.busy = false;
  const std::chrono::duration<double, std::milli> latency = Clock::now() - slot.asked;
  result_.outcomes.push_back(
      {.message = slot.message, .status = reply.status, .latency_ms = latency.count(), .body = std::move(reply.body)});
  if (spec_.fresh_connections) slot.connection.reset();
  return asking_ ? StartNext(slot) : Ok();
}

Status LoadLoop::OnFailure(Slot& slot, const Error& error) {
  if (++failures_ > kMostFailures) return Error(error).Within("too many connections failed, the last with");
  if (!slot.busy && spec_.fresh_connections) return Ok();
  const bool was_busy = slot.busy;
  if (!spec_.fresh_connections) RK_RETURN_IF_ERROR(Reconnect(slot));
  return was_busy ? Finish(slot, {}) : Ok();
}

Status LoadLoop::UpdateInterest(Slot& slot) {
  const std::uint32_t interest = slot.connection->wants_write() ? EPOLLIN | EPOLLOUT : EPOLLIN;
  if (interest == slot.interest) return Ok();
  slot.interest = interest;
  epoll_event event{.events = interest, .data = {.u64 = static_cast<std::size_t>(&slot - slots_.data())}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, slot.connection->fd(), &event) != 0) {
    return ErrnoError("epoll_ctl", errno);
  }
  return Ok();
}

bool LoadLoop::AnyBusy() const {
  return std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.busy; });
}

}  // namespace rootkeep::bench
