#include "keystore/isolated/backend/host_process.h"

#include <algorithm>

#include "keystore/base/log.h"

namespace rootkeep::isolated {
namespace {

// Every call that the token could be busy with, and a few that wait in the host's queue or look after the token.
constexpr std::uint32_t kSpareChannels = 4;
constexpr std::size_t kMostListed = std::size_t{16} * 1024 * 1024;  // octets of a list
constexpr std::chrono::seconds kEndPatience{5};                     // for the module to let go of its token

std::uint32_t NextNumber() {
  static std::atomic<std::uint32_t> last{0};
  return ++last;
}

// Their two ends: ours, and the host's.
struct Channels {
  std::vector<Channel> ours;
  std::vector<Channel> theirs;
};

Result<Channels> MakeChannels(std::uint32_t sessions) {
  Channels channels;
  const std::uint32_t count = std::min(sessions, kMostChannels - kSpareChannels) + kSpareChannels;
  for (std::uint32_t i = 0; i < count; ++i) {
    RK_TRY(auto pair, Channel::Pair());
    channels.ours.push_back(std::move(pair.first));
    channels.theirs.push_back(std::move(pair.second));
  }
  return channels;
}

Status SetUp(Channel& control, const TokenSetup& setup, const std::vector<Channel>& channels, Deadline deadline) {
  std::vector<int> sockets;
  sockets.reserve(channels.size());
  for (const Channel& channel : channels) sockets.push_back(channel.fd());
  RK_RETURN_IF_ERROR(control.SendWithSockets(Encode(setup), sockets, deadline));
  RK_TRY(const ByteView message, control.Receive(deadline));
  const auto answer = DecodeReply(message);
  if (!answer.ok()) return HostLost();
  if (const auto* error = std::get_if<Error>(&answer->reply)) return *error;
  return std::holds_alternative<Done>(answer->reply) ? Ok() : Status(HostLost());
}

const Share& ShareOf(const Request& request) {
  // Looking for keys, and after the token, is little, and has no queue of signatures before it in other backends.
  static const auto& own = *new Share{.priority = Priority::kInteractive, .flow = {}};
  const auto* sign = std::get_if<SignCall>(&request.call);
  return sign == nullptr ? own : sign->share;
}

}  // namespace

Result<std::shared_ptr<HostProcess>> HostProcess::Start(const HostOptions& options, Deadline deadline) {
  RK_TRY(auto control, Channel::Pair());
  RK_TRY(Channels channels, MakeChannels(options.setup.max_sessions));
  RK_TRY(Spawned process, Spawn(options.program, control.second.fd()));
  // From here on the object ends what was started, whatever happens.
  std::shared_ptr<HostProcess> host(
      new HostProcess(std::move(process), std::move(control.first), std::move(channels.ours), options));
  // The host's end is the host's alone, or its death would not be seen.
  control.second = Channel(Fd());
  const Status status = SetUp(host->control_, options.setup, channels.theirs, deadline);
  if (!status.ok() && status.error().code() == Code::kDeadlineExceeded) {
    host->Kill(status.error());
    return Unavailable("the token host does not answer").WithReason(kReasonHostHung);
  }
  RK_RETURN_IF_ERROR(status);
  log::Info("token_host_started", {{"pid", host->pid()}, {"token", options.setup.token_label}});
  return host;
}

HostProcess::HostProcess(Spawned process, Channel control, std::vector<Channel> channels, const HostOptions& options)
    : number_(NextNumber()),
      patience_(options.patience),
      grace_(options.grace),
      pid_(process.pid),
      process_(std::move(process)),
      control_(std::move(control)),
      channels_(std::move(channels), options.setup.max_waiting) {}

HostProcess::~HostProcess() {
  channels_.Drop();
  control_ = Channel(Fd());
  if (alive()) {
    const MutexLock lock(process_mutex_);
    (void)process_.WaitEnded(kEndPatience);
  }
  Reap();
}

bool HostProcess::Reap() {
  const MutexLock lock(process_mutex_);
  if (!process_.pidfd.valid()) return true;
  const std::optional<std::string> end = process_.Reap();
  if (!end) {
    log::Failure("token_host_stuck", {{"pid", pid()}, {"hint", "the kernel does not let it go: look at the driver"}});
    return false;
  }
  log::Info("token_host_ended", {{"pid", pid()}, {"end", *end}});
  return true;
}

Result<Reply> HostProcess::Call(Request request, std::vector<KeyInfo>* list) {
  const auto asked = std::chrono::steady_clock::now();
  RK_TRY(Channel channel, channels_.Take(ShareOf(request), request.deadline));
  const auto waited = std::chrono::steady_clock::now() - asked;
  if (std::chrono::steady_clock::now() >= request.deadline) {
    channels_.GiveBack(std::move(channel));
    return Unavailable("the deadline passed before the token host was asked").WithReason("deadline");
  }
  request.number = ++last_request_;
  auto reply = Exchange(channel, request, list);
  if (!reply.ok()) {
    Kill(reply.error());
    if (reply.error().code() != Code::kDeadlineExceeded) return HostLost();
    return Unavailable("the token does not answer; its host was ended").WithReason(kReasonHostHung);
  }
  proved_.store(true, std::memory_order_relaxed);
  channels_.GiveBack(std::move(channel));
  if (auto* error = std::get_if<Error>(&*reply)) return std::move(*error);
  if (auto* made = std::get_if<Signed>(&*reply)) made->queued += waited;
  return reply;
}

Result<Reply> HostProcess::Exchange(Channel& channel, const Request& request, std::vector<KeyInfo>* list) {
  const Deadline hard = std::max(request.deadline, After(patience_)) + grace_;
  RK_RETURN_IF_ERROR(channel.Send(Encode(request), hard));
  std::size_t listed = 0;
  for (;;) {
    RK_TRY(const ByteView message, channel.Receive(hard));
    RK_TRY(NumberedReply answer, DecodeReply(message));
    if (answer.number != request.number) return Internal("the token host answers another call");
    auto* key = list == nullptr ? nullptr : std::get_if<Key>(&answer.reply);
    if (key == nullptr) {
      if (!Answers(request, answer.reply)) return Internal("the token host gives an answer to another question");
      return std::move(answer.reply);
    }
    listed += message.size();
    if (listed > kMostListed) return Internal("the token host lists keys without end");
    if (std::chrono::steady_clock::now() >= hard) return DeadlineExceeded("the list of keys did not end in time");
    list->push_back(std::move(key->info));
  }
}

void HostProcess::Kill(const Error& why) {
  {
    const MutexLock lock(process_mutex_);
    if (process_.pidfd.valid()) process_.Kill();
  }
  channels_.Close();
  if (alive_.exchange(false)) {
    log::Warning("token_host_killed", {{"pid", pid()}, {"detail", why.ToString()}});
  }
}

}  // namespace rootkeep::isolated
