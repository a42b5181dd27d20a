// One call with one answer, and the methods that calls are for.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "providers/spire/unary/answers.h"
#include "providers/spire/unary/message.h"
#include "providers/spire/unary/request_body.h"
#include "providers/spire/unary/waits.h"

namespace rootkeep::spire::unary {

// Finish and LeaveOpen may be called on any thread, one of them, once. A call that is dropped without is answered with
// INTERNAL: whoever works for it has thrown something. Whether the client is still there is not known here.
class Call {
 public:
  // `answers` expect this one. The message is what follows in `body`, which is kept until the call's end.
  Call(std::shared_ptr<Answers> answers, std::int32_t stream, RequestBody body, std::size_t message_at)
      : answers_(std::move(answers)), stream_(stream), body_(std::move(body)), message_at_(message_at) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    if (answers_ != nullptr) Finish({.code = kInternal, .text = "failed inside"});
  }

  // The request's message.
  [[nodiscard]] std::string_view request() const { return body_.octets().substr(message_at_); }

  // Without a message as a stream ends on which nothing was said.
  void Finish(Ending ending, std::optional<std::string> message = std::nullopt) noexcept {
    std::exchange(answers_, nullptr)
        ->Put({.stream = stream_, .ending = std::move(ending), .message = std::move(message)});
  }
  // Nothing is ever said: the client will end the call.
  void LeaveOpen() noexcept { std::exchange(answers_, nullptr)->GiveUp(); }

 private:
  static constexpr int kInternal = 13;

  std::shared_ptr<Answers> answers_;
  const std::int32_t stream_;
  const RequestBody body_;
  const std::size_t message_at_;
};

struct Method {
  // Called on the connection's thread, which carries all its calls: what takes longer goes on elsewhere...
  std::function<void(std::shared_ptr<Call>)> handle;
  // False: what the client sends is dropped, and `handle` is called when it has sent all.
  bool reads = true;
  // Of a request's message, in octets: a longer one is refused.
  std::size_t max_message = kMaxMessage;
  // ...or here, once something is readable: called instead of `handle`, if it is there.
  std::function<void(std::shared_ptr<Call>, Waits&)> ask = nullptr;
};

// By "/package.Service/Method".
using Methods = std::map<std::string, Method, std::less<>>;

}  // namespace rootkeep::spire::unary
