// The HTTP/2 side of one connection, without any input or output of its own.
#pragma once

#include <nghttp2/nghttp2.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "providers/spire/unary/call.h"

namespace rootkeep::spire::unary {

// Not thread-safe. An error of a function's means that the connection is to be closed.
class Session {
 public:
  // `methods` outlive it. What its calls hold of `budget` may outlive it.
  static Result<std::unique_ptr<Session>> Create(const Methods& methods, std::shared_ptr<Answers> answers,
                                                 std::shared_ptr<RequestBudget> budget);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Takes octets that came from the peer.
  Status Receive(ByteView octets);

  struct Ready {
    const Method* method;
    std::shared_ptr<Call> call;
  };
  // A call that has come whole. What cannot become one is answered here, as soon as that is known: one of a method
  // that there is not, or too long; what is no request of gRPC's, with HTTP's own status (405, 415).
  Result<std::optional<Ready>> NextCall();
  // For a call that is gone it is dropped.
  Status Submit(Answer answer);
  // Lets no more calls begin.
  Status EndSoon();

  // Appends to `out` what the peer has to be sent.
  Status AppendPending(std::string& out);
  // Nothing more comes or goes: the peer broke the protocol, and is told in what is pending, as far as can be.
  [[nodiscard]] bool over() const;
  // An answer is still to be made, or waits for the peer to take it.
  [[nodiscard]] bool owes() const;
  // When AppendPending has to be called at the latest.
  [[nodiscard]] std::optional<Deadline> due() const { return ping_ ? std::optional(ping_->due) : std::nullopt; }

  // A ping is answered after this time, or when the next one comes. Go's client measures the connection with a ping
  // after every answer while none is under way, and each costs both sides two wake-ups. (RFC 9113 §6.7 says SHOULD, not
  // MUST, of an answer before everything else.)
  static constexpr std::chrono::milliseconds kPingPatience{10};

 private:
  // One call, until both sides have ended it.
  struct Stream {
    explicit Stream(std::shared_ptr<RequestBudget> budget) : body(std::move(budget)) {}
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream() { gone.request_stop(); }

    bool post = false;               // as all of gRPC's are
    bool grpc = false;               // by its content-type
    const Method* method = nullptr;  // null: there is none
    RequestBody body;                // of the request
    bool too_long = false;           // for its method
    bool too_much = false;           // with all others
    bool bad_timeout = false;        // it does not say for how long the client waits
    bool due = false;                // has come, or is refused
    Deadline until = Deadline::max();
    Deadline came;                            // when it was due
    std::stop_source gone{std::nostopstate};  // told to the call, when it has begun
    std::string out;                          // of the answer
    std::size_t sent = 0;
  };
  struct Ping {
    std::array<std::uint8_t, 8> payload;
    Deadline due;
  };
  struct Delete {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  struct Callbacks;

  Session(const Methods& methods, std::shared_ptr<Answers> answers, std::shared_ptr<RequestBudget> budget)
      : methods_(methods), answers_(std::move(answers)), budget_(std::move(budget)) {}
  [[nodiscard]] Stream* Find(std::int32_t stream);
  // Of a request.
  void TakeHeader(Stream& stream, std::string_view name, std::string_view value) const;
  // `stream` is `id`'s.
  void Keep(std::int32_t id, Stream& stream, std::string_view data);
  void BeDue(std::int32_t id, Stream& stream);
  // Of a request that is due.
  static Status Judge(const Stream& stream);
  // HTTP's status for what is no request of gRPC's; empty: it is one.
  static std::string_view RefusalByHttp(const Stream& stream);
  Status SubmitRefusalByHttp(std::int32_t id, std::string_view status);
  // Without a message.
  Status SubmitEnding(std::int32_t id, const Ending& ending);
  [[nodiscard]] bool HoldPing(const std::uint8_t* payload);
  Status AnswerPing();

  const Methods& methods_;
  const std::shared_ptr<Answers> answers_;
  const std::shared_ptr<RequestBudget> budget_;
  std::unique_ptr<nghttp2_session, Delete> session_;
  std::unordered_map<std::int32_t, Stream> streams_;
  std::deque<std::int32_t> due_;  // requests to be begun or refused
  std::optional<Ping> ping_;
};

}  // namespace rootkeep::spire::unary
