// The blocking client of the key socket: what an application's thread calls.
#pragma once

#include <memory>
#include <new>

#include "keystore/keysocket/wire/awake_wait.h"
#include "keystore/keysocket/wire/idle_connections.h"

namespace rootkeep::keysocket {

// Memory for the longest reply; what was read from one points into it, until its next use.
class ReplyMemory {
 public:
  ReplyMemory() noexcept : octets_(new(std::nothrow) std::uint8_t[kMaxReply]) {}

  // Empty when there was no memory.
  [[nodiscard]] std::span<std::uint8_t> span() const noexcept {
    return {octets_.get(), octets_ == nullptr ? 0 : kMaxReply};
  }

 private:
  std::unique_ptr<std::uint8_t[]> octets_;
};

struct Signature {
  std::array<std::uint8_t, kMaxSignature> octets;  // the first `size` of them
  std::size_t size = 0;
  std::uint32_t concurrency = 1;
  std::uint64_t queued_ns = 0;

  [[nodiscard]] Octets view() const noexcept { return Octets(octets).first(size); }
};

// A signature that the agent has been asked for, on a connection of its own; given up with it.
class PendingSignature {
 public:
  // Readable once the agent has answered, or is gone.
  [[nodiscard]] int fd() const noexcept { return connection_.fd(); }

 private:
  friend class Client;
  Connection connection_;
  std::uint32_t number_ = 0;
};

struct ClientOptions {
  // How long a call waits for an agent that is being restarted, if its deadline allows.
  std::chrono::milliseconds reconnect_wait{2000};
};

// Thread-safe, and safe to use on both sides of a fork, whatever other threads were doing in it. Holds no thread and no
// lock. Each thread that is in a call has a connection to itself; up to IdleConnections::kMost are kept for later
// calls. One round trip a call, but for the first on a connection, which agrees on the version. A call that finds the
// agent gone is made again on a new connection, for reconnect_wait at most, if it may be made twice: all but Create.
// Waits for a reply as AwakeWait says. Calls return false with `why` filled; its message names the socket. Nothing
// throws.
class Client {
 public:
  explicit Client(std::string_view path, ClientOptions options = {}) noexcept;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] bool Sign(const SignCall& call, WireDeadline deadline, Signature& out, Failure& why) noexcept;
  // The same in two steps, neither of which waits, so that a thread can take them for several signatures at once.
  // SignBegin asks on a kept connection only; without one it fails, and a Sign makes one. SignEnd is for when `pending`
  // is readable. What the agent says may be asked again, or was lost, is not asked again here.
  [[nodiscard]] bool SignBegin(const SignCall& call, WireDeadline deadline, PendingSignature& pending,
                               Failure& why) noexcept;
  [[nodiscard]] bool SignEnd(PendingSignature pending, Signature& out, Failure& why) noexcept;
  // `name` is a URI, which the agent understands. The key's texts are in `memory`.
  [[nodiscard]] bool Describe(std::string_view name, WireDeadline deadline, ReplyMemory& memory, KeyDescription& out,
                              Failure& why) noexcept;
  // Not made again when the agent was lost: whether the key was made is not known then.
  [[nodiscard]] bool Create(const CreateCall& call, WireDeadline deadline, ReplyMemory& memory, KeyDescription& out,
                            Failure& why) noexcept;
  // One page, from behind `after` (all zero: from the start).
  [[nodiscard]] bool List(const Fingerprint& after, WireDeadline deadline, ReplyMemory& memory, ListReply& out,
                          Failure& why) noexcept;
  // Whether every token that holds keys for this caller answers.
  [[nodiscard]] bool Probe(WireDeadline deadline, Failure& why) noexcept;

  [[nodiscard]] std::string_view path() const noexcept { return {path_.data(), path_size_}; }

 private:
  [[nodiscard]] std::uint32_t NextNumber() noexcept { return last_number_.fetch_add(1, std::memory_order_relaxed) + 1; }
  // True when `reply` is what the call asked for.
  bool Call(Request request, WireDeadline deadline, std::span<std::uint8_t> memory, Reply& reply,
            Failure& why) noexcept;
  Outcome CallOnce(Request& request, WireDeadline deadline, std::span<std::uint8_t> memory, Reply& reply, Failure& why,
                   bool& kept) noexcept;
  // Puts the socket's path before the message.
  bool Refuse(Failure& why) const noexcept;

  static constexpr std::size_t kLongestPath = 108;

  std::array<char, kLongestPath> path_{};
  std::size_t path_size_ = 0;
  ClientOptions options_;
  std::atomic<std::uint32_t> last_number_{0};
  AwakeWait awake_;
  IdleConnections idle_;
};

}  // namespace rootkeep::keysocket
