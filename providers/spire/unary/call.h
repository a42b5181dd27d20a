// One call with one answer, and the methods that calls are for.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "keystore/base/clock.h"
#include "providers/spire/unary/answers.h"
#include "providers/spire/unary/message.h"
#include "providers/spire/unary/request_body.h"
#include "providers/spire/unary/waits.h"

namespace rootkeep::spire::unary {

// How long the client waits for an answer.
struct Interest {
  Deadline until = Deadline::max();                  // as it said when it asked
  std::stop_token gone;                              // requested when it has ended the call, or its connection has
  Deadline came = std::chrono::steady_clock::now();  // when the whole request had come
};

// Finish and LeaveOpen may be called on any thread, one of them, once. A call that is dropped without is answered with
// INTERNAL: whoever works for it has thrown something. What is asked of it may be asked on any thread.
class Call {
 public:
  // `answers` expect this one. The message is what follows in `body`, which is kept until the call's end.
  Call(std::shared_ptr<Answers> answers, std::int32_t stream, RequestBody body, std::size_t message_at,
       Interest interest = {})
      : answers_(std::move(answers)),
        stream_(stream),
        body_(std::move(body)),
        message_at_(message_at),
        interest_(std::move(interest)) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    if (answers_ != nullptr) Finish({.code = kInternal, .text = "failed inside"});
  }

  // The request's message.
  [[nodiscard]] std::string_view request() const { return body_.octets().substr(message_at_); }

  [[nodiscard]] const Interest& interest() const { return interest_; }
  // How it has ended for the client, with CANCELLED or DEADLINE_EXCEEDED; nothing while that may still take an answer.
  [[nodiscard]] std::optional<Ending> Over() const {
    if (interest_.gone.stop_requested()) return Ending{.code = kCancelled, .text = "the client has ended the call"};
    if (std::chrono::steady_clock::now() < interest_.until) return std::nullopt;
    return Ending{.code = kDeadlineExceeded, .text = "the time that the client gave the call is over"};
  }

  // Without a message as a stream ends on which nothing was said.
  void Finish(Ending ending, std::optional<std::string> message = std::nullopt) noexcept {
    std::exchange(answers_, nullptr)
        ->Put({.stream = stream_, .ending = std::move(ending), .message = std::move(message)});
  }
  // Nothing is ever said: the client will end the call.
  void LeaveOpen() noexcept { std::exchange(answers_, nullptr)->GiveUp(); }

 private:
  // Of gRPC's numbers.
  static constexpr int kCancelled = 1;
  static constexpr int kDeadlineExceeded = 4;
  static constexpr int kInternal = 13;

  std::shared_ptr<Answers> answers_;
  const std::int32_t stream_;
  const RequestBody body_;
  const std::size_t message_at_;
  const Interest interest_;
};

struct Method {
  // Either of the two is called, `ask` if it is there, on the connection's thread, which carries all its calls: what
  // takes longer goes on elsewhere.
  std::function<void(std::shared_ptr<Call>)> handle;
  // False: what the client sends is dropped, and the method is called when it has sent all.
  bool reads = true;
  // Of a request's message, in octets: a longer one is refused.
  std::size_t max_message = kMaxMessage;
  // May go on here, when something is readable. Is not called while too much is waited for.
  std::function<void(std::shared_ptr<Call>, Waits&)> ask = nullptr;
};

// By "/package.Service/Method".
using Methods = std::map<std::string, Method, std::less<>>;

}  // namespace rootkeep::spire::unary
