// A client of HTTP/2 in memory: what the other side of a session sees.
#pragma once

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "keystore/base/bytes.h"
#include "providers/spire/unary/message.h"

namespace rootkeep::spire::unary::testing {

struct Reply {
  std::map<std::string, std::string> headers;  // and trailers
  std::string body;
  bool ended = false;

  [[nodiscard]] std::string code() const {
    const auto found = headers.find("grpc-status");
    return found == headers.end() ? "" : found->second;
  }
};

// What a request says beside its path; a header whose value is empty is not sent.
struct Saying {
  std::string method = "POST";
  std::string content_type = "application/grpc";
  std::string timeout = {};
};

class Peer {
 public:
  Peer() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
    nghttp2_session* raw = nullptr;
    nghttp2_session_client_new(&raw, callbacks, this);
    session_.reset(raw);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(raw, NGHTTP2_FLAG_NONE, nullptr, 0);
  }

  // A call with this body, after which its stream stays open when that is not the whole; its stream.
  int Ask(std::string_view path, std::string body, bool whole = true, const Saying& saying = {}) {
    std::vector headers{Header(":method", saying.method), Header(":scheme", "http"), Header(":path", path),
                        Header(":authority", "localhost")};
    if (!saying.content_type.empty()) headers.push_back(Header("content-type", saying.content_type));
    if (!saying.timeout.empty()) headers.push_back(Header("grpc-timeout", saying.timeout));
    auto& unsent = bodies_.emplace_back(std::make_unique<Body>(Body{std::move(body), whole}));
    const nghttp2_data_provider data{.source = {.ptr = unsent.get()}, .read_callback = ReadBody};
    return nghttp2_submit_request(session_.get(), nullptr, headers.data(), headers.size(), &data, nullptr);
  }
  int AskWith(std::string_view path, std::string_view message, const Saying& saying = {}) {
    std::string body;
    AppendMessage(body, message);
    return Ask(path, body, /*whole=*/true, saying);
  }
  void Cancel(int stream) { nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL); }
  void Ping() { nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr); }

  // What is to be sent.
  std::string Pending() {
    std::string out;
    const std::uint8_t* data = nullptr;
    for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_.get(), &data)) > 0;) {
      out += AsText({data, static_cast<std::size_t>(size)});
    }
    return out;
  }
  // False when it is no HTTP/2.
  bool Take(std::string_view octets) {
    return nghttp2_session_mem_recv(session_.get(), AsBytes(octets).data(), octets.size()) >= 0;
  }

  std::map<int, Reply> replies;
  int pongs = 0;
  bool told_to_go = false;

 private:
  struct Body {
    std::string unsent;
    bool whole;
  };
  struct Delete {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  static nghttp2_nv Header(std::string_view name, std::string_view value) {
    return {const_cast<std::uint8_t*>(AsBytes(name).data()), const_cast<std::uint8_t*>(AsBytes(value).data()),
            name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
  }
  static Reply& Of(void* self, int stream) { return static_cast<Peer*>(self)->replies[stream]; }
  static ssize_t ReadBody(nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t size, std::uint32_t* flags,
                          nghttp2_data_source* source, void*) {
    auto& body = *static_cast<Body*>(source->ptr);
    if (body.unsent.empty() && !body.whole) return NGHTTP2_ERR_DEFERRED;
    const std::size_t taken = std::min(size, body.unsent.size());
    std::ranges::copy(AsBytes(body.unsent).first(taken), out);
    body.unsent.erase(0, taken);
    if (body.unsent.empty() && body.whole) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(taken);
  }
  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                      const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* self) {
    Of(self, frame->hd.stream_id).headers[std::string(AsText({name, name_size}))] = AsText({value, value_size});
    return 0;
  }
  static int OnData(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data, std::size_t size,
                    void* self) {
    Of(self, stream).body += AsText({data, size});
    return 0;
  }
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    auto& peer = *static_cast<Peer*>(self);
    if (frame->hd.type == NGHTTP2_PING) ++peer.pongs;
    if (frame->hd.type == NGHTTP2_GOAWAY) peer.told_to_go = true;
    return 0;
  }
  static int OnClose(nghttp2_session*, std::int32_t stream, std::uint32_t, void* self) {
    Of(self, stream).ended = true;
    return 0;
  }

  std::unique_ptr<nghttp2_session, Delete> session_;
  std::vector<std::unique_ptr<Body>> bodies_;
};

}  // namespace rootkeep::spire::unary::testing
