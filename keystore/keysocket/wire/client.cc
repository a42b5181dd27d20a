#include "keystore/keysocket/wire/client.h"

#include <poll.h>

#include <algorithm>

namespace rootkeep::keysocket {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kShortestPause{2};
constexpr milliseconds kLongestPause{100};

void Copy(const SignReply& reply, Signature& out) noexcept {
  std::copy(reply.signature.begin(), reply.signature.end(), out.octets.begin());
  out.size = reply.signature.size();
  out.concurrency = reply.concurrency;
  out.queued_ns = reply.queued_ns;
}

bool MayBeRepeated(const Request& request) noexcept { return !std::holds_alternative<CreateCall>(request.call); }

// nanosleep without its restart logic: a signal ends it early, and the caller looks at the clock.
void Pause(milliseconds pause) noexcept { poll(nullptr, 0, static_cast<int>(pause.count())); }

}  // namespace

Client::Client(std::string_view path, ClientOptions options) noexcept
    : path_size_(std::min(path.size(), kLongestPath)), options_(options) {
  std::copy_n(path.begin(), path_size_, path_.begin());
}

bool Client::Refuse(Failure& why) const noexcept {
  const ShortText<512> message = why.message;
  why.message = std::string_view("key socket ");
  why.message.Append(path());
  why.message.Append(": ");
  why.message.Append(message.view());
  return false;
}

Outcome Client::CallOnce(Request& request, WireDeadline deadline, std::span<std::uint8_t> memory, Reply& reply,
                         Failure& why, bool& kept) noexcept {
  Connection connection;
  // Of a kept connection nobody knows whether the agent still has it, until something is sent.
  kept = MayBeRepeated(request) && idle_.Take(connection);
  if (!kept) {
    const Outcome opened = Connection::Open(path(), deadline, connection, why);
    // Nothing of the request was sent yet.
    if (opened != Outcome::kAnswered) return opened;
  }
  request.wait_ms = MillisecondsUntil(deadline, 1);
  Outcome outcome = connection.Send(request, deadline, why);
  if (outcome == Outcome::kAnswered) {
    // Anything else takes a token longer.
    if (std::holds_alternative<SignCall>(request.call)) (void)awake_.Look(connection.fd());
    outcome = connection.Receive(request, deadline, memory, reply, why);
  }
  if (outcome == Outcome::kAnswered) idle_.Keep(std::move(connection));
  return outcome == Outcome::kLost && !MayBeRepeated(request) ? Outcome::kFailed : outcome;
}

bool Client::Call(Request request, WireDeadline deadline, std::span<std::uint8_t> memory, Reply& reply,
                  Failure& why) noexcept {
  if (memory.empty()) {
    why = WireFailure(FailureCode::kInternal, "", "out of memory");
    return Refuse(why);
  }
  request.number = NextNumber();
  const WireDeadline began = steady_clock::now();
  if (deadline <= began) {
    why = WireFailure(FailureCode::kUnavailable, kReasonDeadline, "the deadline passed before the agent was asked");
    return Refuse(why);
  }
  const WireDeadline give_up = std::min(deadline, began + options_.reconnect_wait);
  milliseconds pause = kShortestPause;
  for (;;) {
    bool kept = false;
    const Outcome outcome = CallOnce(request, deadline, memory, reply, why, kept);
    if (outcome == Outcome::kAnswered) break;
    if (outcome == Outcome::kFailed) return Refuse(why);
    if (kept) continue;  // the agent was restarted since; each kept connection is found out once
    if (steady_clock::now() + pause >= give_up) return Refuse(why);
    Pause(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
  const auto* failure = std::get_if<Failure>(&reply.reply);
  if (failure == nullptr) return true;
  why = *failure;
  return Refuse(why);
}

bool Client::Sign(const SignCall& call, WireDeadline deadline, Signature& out, Failure& why) noexcept {
  std::array<std::uint8_t, kMaxShortReply> memory;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv fills it
  Reply reply;
  if (!Call({.call = call}, deadline, memory, reply, why)) return false;
  Copy(*std::get_if<SignReply>(&reply.reply), out);
  return true;
}

bool Client::SignBegin(const SignCall& call, WireDeadline deadline, PendingSignature& pending, Failure& why) noexcept {
  const Request request{.number = NextNumber(), .wait_ms = MillisecondsUntil(deadline, 1), .call = call};
  why = WireFailure(FailureCode::kUnavailable, kReasonAgentDown, "no connection is kept");
  for (Connection kept; idle_.Take(kept);) {
    const Outcome sent = kept.Send(request, steady_clock::now(), why);
    if (sent == Outcome::kLost) continue;  // the agent was restarted since
    if (sent == Outcome::kFailed) break;
    pending.connection_ = std::move(kept);
    pending.number_ = request.number;
    return true;
  }
  return Refuse(why);
}

bool Client::SignEnd(PendingSignature pending, Signature& out, Failure& why) noexcept {
  std::array<std::uint8_t, kMaxShortReply> memory;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv fills it
  Reply reply;
  const Request request{.number = pending.number_, .call = SignCall{}};
  if (pending.connection_.Receive(request, steady_clock::now(), memory, reply, why) != Outcome::kAnswered) {
    return Refuse(why);
  }
  idle_.Keep(std::move(pending.connection_));
  if (const auto* failure = std::get_if<Failure>(&reply.reply)) {
    why = *failure;
    return Refuse(why);
  }
  Copy(*std::get_if<SignReply>(&reply.reply), out);
  return true;
}

bool Client::Describe(std::string_view name, WireDeadline deadline, ReplyMemory& memory, KeyDescription& out,
                      Failure& why) noexcept {
  Reply reply;
  if (!Call({.call = DescribeCall{name}}, deadline, memory.span(), reply, why)) return false;
  out = std::get_if<KeyReply>(&reply.reply)->key;
  return true;
}

bool Client::Create(const CreateCall& call, WireDeadline deadline, ReplyMemory& memory, KeyDescription& out,
                    Failure& why) noexcept {
  Reply reply;
  if (!Call({.call = call}, deadline, memory.span(), reply, why)) return false;
  out = std::get_if<KeyReply>(&reply.reply)->key;
  return true;
}

bool Client::List(const Fingerprint& after, WireDeadline deadline, ReplyMemory& memory, ListReply& out,
                  Failure& why) noexcept {
  Reply reply;
  if (!Call({.call = ListCall{after}}, deadline, memory.span(), reply, why)) return false;
  out = *std::get_if<ListReply>(&reply.reply);
  return true;
}

bool Client::Probe(WireDeadline deadline, Failure& why) noexcept {
  std::array<std::uint8_t, kMaxShortReply> memory;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv fills it
  Reply reply;
  return Call({.call = ProbeCall{}}, deadline, memory, reply, why);
}

}  // namespace rootkeep::keysocket
