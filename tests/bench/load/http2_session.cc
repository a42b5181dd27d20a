#include "tests/bench/load/http2_session.h"

#include <array>
#include <charconv>
#include <cstring>

namespace rootkeep::bench {
namespace {

// Large enough that window updates never hold up a reply; the same as istio's own client asks for.
constexpr std::int32_t kWindow = 1 << 20;
constexpr std::size_t kTypicalReply = 4096;

Error Nghttp2Error(std::string_view call, ssize_t code) {
  return Unavailable(std::string(call) + ": " + nghttp2_strerror(static_cast<int>(code)));
}

nghttp2_nv Header(std::string_view name, std::string_view value, std::uint8_t flags = 0) {
  constexpr std::uint8_t kNoCopy = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
  // nghttp2 wants mutable pointers and does not write through them.
  auto* raw_name = const_cast<std::uint8_t*>(AsBytes(name).data());
  auto* raw_value = const_cast<std::uint8_t*>(AsBytes(value).data());
  return {raw_name, raw_value, name.size(), value.size(), static_cast<std::uint8_t>(kNoCopy | flags)};
}

}  // namespace

nghttp2_session_callbacks* Http2Session::Callbacks() {
  static nghttp2_session_callbacks* const callbacks = [] {
    nghttp2_session_callbacks* made = nullptr;
    if (nghttp2_session_callbacks_new(&made) != 0) return made;
    nghttp2_session_callbacks_set_on_header_callback(made, &Http2Session::OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, &Http2Session::OnData);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, &Http2Session::OnClose);
    return made;
  }();
  return callbacks;
}

Result<std::unique_ptr<Http2Session>> Http2Session::Create(std::string authority) {
  std::unique_ptr<Http2Session> self(new Http2Session(std::move(authority)));
  nghttp2_session* raw = nullptr;
  if (const int rc = nghttp2_session_client_new(&raw, Callbacks(), self.get()); rc != 0) {
    return Nghttp2Error("nghttp2_session_client_new", rc);
  }
  self->session_.reset(raw);
  const std::array settings{nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow},
                            nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
  if (const int rc = nghttp2_submit_settings(raw, NGHTTP2_FLAG_NONE, settings.data(), settings.size()); rc != 0) {
    return Nghttp2Error("nghttp2_submit_settings", rc);
  }
  if (const int rc = nghttp2_session_set_local_window_size(raw, NGHTTP2_FLAG_NONE, 0, kWindow); rc != 0) {
    return Nghttp2Error("nghttp2_session_set_local_window_size", rc);
  }
  return self;
}

Status Http2Session::Submit(const GrpcCall& call) {
  std::array headers{Header(":method", "POST"),
                     Header(":scheme", "https"),
                     Header(":authority", authority_),
                     Header(":path", call.path),
                     Header("content-type", "application/grpc"),
                     Header("te", "trailers"),
                     Header("clusterid", "Kubernetes"),
                     Header("authorization", call.authorization, NGHTTP2_NV_FLAG_NO_INDEX)};
  unsent_ = call.message;
  reply_ = {};
  replied_ = false;
  const nghttp2_data_provider body{.source = {.ptr = &unsent_}, .read_callback = &Http2Session::ReadBody};
  const std::size_t count = call.authorization.empty() ? headers.size() - 1 : headers.size();
  const std::int32_t stream = nghttp2_submit_request(session_.get(), nullptr, headers.data(), count, &body, nullptr);
  if (stream < 0) return Nghttp2Error("nghttp2_submit_request", stream);
  return Ok();
}

Status Http2Session::Receive(ByteView bytes) {
  const ssize_t taken = nghttp2_session_mem_recv(session_.get(), bytes.data(), bytes.size());
  if (taken < 0) return Nghttp2Error("nghttp2_session_mem_recv", taken);
  return Ok();
}

Status Http2Session::AppendPending(std::string& out) {
  for (;;) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &data);
    if (size < 0) return Nghttp2Error("nghttp2_session_mem_send", size);
    if (size == 0) return Ok();
    out += AsText({data, static_cast<std::size_t>(size)});
  }
}

std::optional<GrpcReply> Http2Session::TakeReply() {
  if (!replied_) return std::nullopt;
  replied_ = false;
  return std::move(reply_);
}

ssize_t Http2Session::ReadBody(nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t size,
                               std::uint32_t* flags, nghttp2_data_source* source, void*) {
  auto* unsent = static_cast<std::string_view*>(source->ptr);
  const std::size_t taken = std::min(size, unsent->size());
  std::memcpy(out, unsent->data(), taken);
  unsent->remove_prefix(taken);
  if (unsent->empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(taken);
}

int Http2Session::OnHeader(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
                           const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* self) {
  if (AsText({name, name_size}) != "grpc-status") return 0;
  const std::string_view text = AsText({value, value_size});
  std::from_chars(text.data(), text.data() + text.size(), static_cast<Http2Session*>(self)->reply_.status);
  return 0;
}

int Http2Session::OnData(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data, std::size_t size,
                         void* self) {
  std::string& body = static_cast<Http2Session*>(self)->reply_.body;
  if (body.empty()) body.reserve(kTypicalReply);
  body += AsText({data, size});
  return 0;
}

int Http2Session::OnClose(nghttp2_session*, std::int32_t, std::uint32_t, void* self) {
  static_cast<Http2Session*>(self)->replied_ = true;
  return 0;
}

}  // namespace rootkeep::bench
