#include "providers/spire/unary/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "keystore/base/guard.h"
#include "providers/spire/unary/message.h"

namespace rootkeep::spire::unary {
namespace {

// SPIRE's messages never wait for a window.
constexpr std::int32_t kWindow = 1 << 20;
// What SPIRE asks for beyond waits in SPIRE.
constexpr std::uint32_t kMaxCalls = 8192;

Error Http2Error(std::string_view call, ssize_t code) {
  return Unavailable(fmt::format("{}: {}", call, nghttp2_strerror(static_cast<int>(code))));
}

// Both live until the frame is made.
nghttp2_nv Header(std::string_view name, std::string_view value) {
  // nghttp2 wants mutable pointers and does not write through them.
  auto* raw_name = const_cast<std::uint8_t*>(AsBytes(name).data());
  auto* raw_value = const_cast<std::uint8_t*>(AsBytes(value).data());
  return {raw_name, raw_value, name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

// What nghttp2 calls. Nothing may be thrown through it.
struct Session::Callbacks {
  template <typename Work>
  static int Guarded(const Work& work) {
    return RunGuarded("spire.exception", work) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    return Guarded([&] {
      auto& session = *static_cast<Session*>(self);
      session.streams_.try_emplace(frame->hd.stream_id, session.budget_);
    });
  }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                      const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* self) {
    auto& session = *static_cast<Session*>(self);
    Stream* const stream = session.Find(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    return Guarded([&] { session.TakeHeader(*stream, AsText({name, name_size}), AsText({value, value_size})); });
  }

  static int OnData(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                    void* self) {
    Stream* const stream = static_cast<Session*>(self)->Find(id);
    if (stream == nullptr || stream->method == nullptr || !stream->method->reads) return 0;
    return Guarded([&] { static_cast<Session*>(self)->Keep(id, *stream, AsText({data, size})); });
  }

  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* raw) {
    auto* const self = static_cast<Session*>(raw);
    const bool ack = (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
    if (frame->hd.type == NGHTTP2_PING && !ack) return self->HoldPing(frame->ping.opaque_data) ? 0 : kFailed;
    const bool of_call = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    Stream* const stream = of_call ? self->Find(frame->hd.stream_id) : nullptr;
    if (stream == nullptr) return 0;
    // A client may wait for the server before it sends all: of no method, it would wait for ever.
    const bool known = RefusalByHttp(*stream).empty() && stream->method != nullptr;
    if (known && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    return Guarded([&] { self->BeDue(frame->hd.stream_id, *stream); });
  }

  static int OnClose(nghttp2_session*, std::int32_t id, std::uint32_t, void* raw) {
    static_cast<Session*>(raw)->streams_.erase(id);
    return 0;
  }

  // Has a client whose call was answered before he had sent all send no more of it (RFC 9113 §8.1).
  static int OnSent(nghttp2_session* session, const nghttp2_frame* frame, void*) {
    if (frame->hd.type != NGHTTP2_HEADERS || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    const std::int32_t id = frame->hd.stream_id;
    if (nghttp2_session_get_stream_remote_close(session, id) != 0) return 0;
    return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR) == 0 ? 0 : kFailed;
  }

  // An answer that nghttp2 does not send for its own reasons: the client is not left waiting for it.
  static int OnNotSent(nghttp2_session* session, const nghttp2_frame* frame, int, void* self) {
    const std::int32_t id = frame->hd.stream_id;
    if (frame->hd.type != NGHTTP2_HEADERS || static_cast<Session*>(self)->Find(id) == nullptr) return 0;
    return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_INTERNAL_ERROR) == 0 ? 0 : kFailed;
  }

  // The answer's message, with the status behind it.
  static ssize_t ReadBody(nghttp2_session* session, std::int32_t id, std::uint8_t* out, std::size_t size,
                          std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& stream = *static_cast<Stream*>(source->ptr);
    const ByteView unsent = AsBytes(stream.out).subspan(stream.sent);
    const std::size_t taken = std::min(size, unsent.size());
    std::ranges::copy(unsent.first(taken), out);
    stream.sent += taken;
    if (stream.sent < stream.out.size()) return static_cast<ssize_t>(taken);
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const std::array trailers{Header("grpc-status", "0")};
    const int rc = nghttp2_submit_trailer(session, id, trailers.data(), trailers.size());
    return rc == 0 ? static_cast<ssize_t>(taken) : ssize_t{kFailed};
  }

  static nghttp2_session_callbacks* All() {
    static nghttp2_session_callbacks* const all = [] {
      nghttp2_session_callbacks* made = nullptr;
      if (nghttp2_session_callbacks_new(&made) != 0) return made;
      nghttp2_session_callbacks_set_on_begin_headers_callback(made, OnBeginHeaders);
      nghttp2_session_callbacks_set_on_header_callback(made, OnHeader);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, OnData);
      nghttp2_session_callbacks_set_on_frame_recv_callback(made, OnFrame);
      nghttp2_session_callbacks_set_on_stream_close_callback(made, OnClose);
      nghttp2_session_callbacks_set_on_frame_send_callback(made, OnSent);
      nghttp2_session_callbacks_set_on_frame_not_send_callback(made, OnNotSent);
      return made;
    }();
    return all;
  }

  // With pings left to us.
  static nghttp2_option* Options() {
    static nghttp2_option* const options = [] {
      nghttp2_option* made = nullptr;
      if (nghttp2_option_new(&made) == 0) nghttp2_option_set_no_auto_ping_ack(made, 1);
      return made;
    }();
    return options;
  }

  static constexpr int kFailed = NGHTTP2_ERR_CALLBACK_FAILURE;
};

Result<std::unique_ptr<Session>> Session::Create(const Methods& methods, std::shared_ptr<Answers> answers,
                                                 std::shared_ptr<RequestBudget> budget) {
  if (Callbacks::All() == nullptr || Callbacks::Options() == nullptr) return ResourceExhausted("out of memory");
  std::unique_ptr<Session> self(new Session(methods, std::move(answers), std::move(budget)));
  nghttp2_session* raw = nullptr;
  if (const int rc = nghttp2_session_server_new2(&raw, Callbacks::All(), self.get(), Callbacks::Options()); rc != 0) {
    return Http2Error("nghttp2_session_server_new2", rc);
  }
  self->session_.reset(raw);
  const std::array settings{nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow},
                            nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMaxCalls}};
  if (const int rc = nghttp2_submit_settings(raw, NGHTTP2_FLAG_NONE, settings.data(), settings.size()); rc != 0) {
    return Http2Error("nghttp2_submit_settings", rc);
  }
  if (const int rc = nghttp2_session_set_local_window_size(raw, NGHTTP2_FLAG_NONE, 0, kWindow); rc != 0) {
    return Http2Error("nghttp2_session_set_local_window_size", rc);
  }
  return self;
}

Session::Stream* Session::Find(std::int32_t stream) {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : &found->second;
}

void Session::TakeHeader(Stream& stream, std::string_view name, std::string_view value) const {
  if (name == ":method") {
    stream.post = value == "POST";
  } else if (name == "content-type") {
    stream.grpc = IsGrpcType(value);
  } else if (name == ":path") {
    const auto method = methods_.find(value);
    if (method != methods_.end()) stream.method = &method->second;
  } else if (name == "grpc-timeout") {
    const auto timeout = ParseTimeout(value);
    stream.bad_timeout = !timeout;
    if (timeout) stream.until = After(*timeout);
  }
}

Status Session::Receive(ByteView octets) {
  const ssize_t taken = nghttp2_session_mem_recv(session_.get(), octets.data(), octets.size());
  if (taken < 0) return Http2Error("nghttp2_session_mem_recv", taken);
  return Ok();
}

Result<std::optional<Session::Ready>> Session::NextCall() {
  while (!due_.empty()) {
    const std::int32_t id = due_.front();
    due_.pop_front();
    Stream* const stream = Find(id);
    if (stream == nullptr) continue;  // the client did not wait
    if (const std::string_view status = RefusalByHttp(*stream); !status.empty()) {
      RK_RETURN_IF_ERROR(SubmitRefusalByHttp(id, status));
      continue;
    }
    const Status problem = Judge(*stream);
    if (!problem.ok()) {
      RK_RETURN_IF_ERROR(
          SubmitEnding(id, {.code = static_cast<int>(problem.error().code()), .text = problem.error().message()}));
      continue;
    }
    answers_->Expect();
    stream->gone = std::stop_source();
    auto call = std::make_shared<Call>(
        answers_, id, std::move(stream->body), stream->method->reads ? kPrefixSize : 0,
        Interest{.until = stream->until, .gone = stream->gone.get_token(), .came = stream->came});
    return std::optional(Ready{stream->method, std::move(call)});
  }
  return std::optional<Ready>();
}

void Session::Keep(std::int32_t id, Stream& stream, std::string_view data) {
  if (stream.due) return;
  stream.too_long = stream.body.octets().size() + data.size() > stream.method->max_message + kPrefixSize;
  stream.too_much = !stream.too_long && !stream.body.Append(data);
  if (!stream.too_long && !stream.too_much) return;
  stream.body.Drop();
  BeDue(id, stream);
}

void Session::BeDue(std::int32_t id, Stream& stream) {
  if (std::exchange(stream.due, true)) return;
  stream.came = std::chrono::steady_clock::now();
  due_.push_back(id);
}

std::string_view Session::RefusalByHttp(const Stream& stream) {
  if (!stream.post) return "405";
  return stream.grpc ? "" : "415";
}

Status Session::Judge(const Stream& stream) {
  if (stream.method == nullptr) return Error(Code::kUnimplemented, "there is no such method");
  if (stream.bad_timeout) return Internal("grpc-timeout is malformed");
  if (std::chrono::steady_clock::now() >= stream.until) {
    return Error(Code::kDeadlineExceeded, "the time that the client gave the call is over");
  }
  if (stream.too_long) {
    return ResourceExhausted(fmt::format("the request has more than {} octets", stream.method->max_message));
  }
  if (stream.too_much) return ResourceExhausted("too much is asked at once");
  if (!stream.method->reads) return Ok();
  RK_RETURN_IF_ERROR(OnlyMessage(stream.body.octets()));
  return Ok();
}

Status Session::Submit(Answer answer) {
  Stream* const stream = Find(answer.stream);
  if (stream == nullptr) return Ok();
  if (answer.ending.code != 0 || !answer.message) return SubmitEnding(answer.stream, answer.ending);
  AppendMessage(stream->out, *answer.message);
  const std::array headers{Header(":status", "200"), Header("content-type", "application/grpc")};
  const nghttp2_data_provider body{.source = {.ptr = stream}, .read_callback = &Callbacks::ReadBody};
  const int rc = nghttp2_submit_response(session_.get(), answer.stream, headers.data(), headers.size(), &body);
  if (rc != 0) return Http2Error("nghttp2_submit_response", rc);
  return Ok();
}

Status Session::SubmitEnding(std::int32_t id, const Ending& ending) {
  const std::string code = std::to_string(ending.code);
  const std::string text = EncodeText(ending.text);
  const std::array headers{Header(":status", "200"), Header("content-type", "application/grpc"),
                           Header("grpc-status", code), Header("grpc-message", text)};
  const int rc = nghttp2_submit_response(session_.get(), id, headers.data(), headers.size(), nullptr);
  if (rc != 0) return Http2Error("nghttp2_submit_response", rc);
  return Ok();
}

// Nothing of gRPC's in it: whoever reads only HTTP is not to take a 200 for success.
Status Session::SubmitRefusalByHttp(std::int32_t id, std::string_view status) {
  const std::array headers{Header(":status", status), Header("allow", "POST")};
  const std::size_t count = status == "405" ? headers.size() : 1;  // who must say what is allowed (RFC 9110 §15.5.6)
  const int rc = nghttp2_submit_response(session_.get(), id, headers.data(), count, nullptr);
  if (rc != 0) return Http2Error("nghttp2_submit_response", rc);
  return Ok();
}

Status Session::EndSoon() {
  const std::int32_t last = nghttp2_session_get_last_proc_stream_id(session_.get());
  const int rc = nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0);
  if (rc != 0) return Http2Error("nghttp2_submit_goaway", rc);
  return Ok();
}

bool Session::over() const {
  return nghttp2_session_want_read(session_.get()) == 0 && nghttp2_session_want_write(session_.get()) == 0;
}

// Not of streams on which nothing is said, which only the peer ends.
bool Session::owes() const {
  return std::ranges::any_of(streams_, [](const auto& one) {
    const Stream& stream = one.second;
    return stream.method != nullptr && (stream.method->reads || stream.sent < stream.out.size());
  });
}

bool Session::HoldPing(const std::uint8_t* payload) {
  if (ping_ && !AnswerPing().ok()) return false;
  ping_.emplace(Ping{.due = After(kPingPatience)});
  std::copy_n(payload, ping_->payload.size(), ping_->payload.begin());
  return true;
}

Status Session::AnswerPing() {
  const int rc = nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_ACK, ping_->payload.data());
  ping_.reset();
  if (rc != 0) return Http2Error("nghttp2_submit_ping", rc);
  return Ok();
}

Status Session::AppendPending(std::string& out) {
  if (ping_ && std::chrono::steady_clock::now() >= ping_->due) RK_RETURN_IF_ERROR(AnswerPing());
  for (;;) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &data);
    if (size < 0) return Http2Error("nghttp2_session_mem_send", size);
    if (size == 0) return Ok();
    out += AsText({data, static_cast<std::size_t>(size)});
  }
}

}  // namespace rootkeep::spire::unary
