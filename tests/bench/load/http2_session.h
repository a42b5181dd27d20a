// The HTTP/2 and gRPC side of one connection, without any input or output of its own.
#pragma once

#include <nghttp2/nghttp2.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"

namespace rootkeep::bench {

// A unary call. What the views refer to must live until its reply was taken.
struct GrpcCall {
  std::string_view path;
  std::string_view message;        // with gRPC's length prefix
  std::string_view authorization;  // header value; empty: no header
};

struct GrpcReply {
  int status = -1;   // grpc-status; -1 when the stream ended without one
  std::string body;  // DATA frames, with gRPC's length prefix
};

// One call at a time.
class Http2Session {
 public:
  static Result<std::unique_ptr<Http2Session>> Create(std::string authority);
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  Status Submit(const GrpcCall& call);
  // Takes octets that came from the peer.
  Status Receive(ByteView bytes);
  // Appends to `out` what the peer has to be sent.
  Status AppendPending(std::string& out);
  // The reply of the submitted call, once its stream is closed.
  std::optional<GrpcReply> TakeReply();

 private:
  using SessionPtr = ossl::Owned<nghttp2_session, nghttp2_session_del>;

  explicit Http2Session(std::string authority) : authority_(std::move(authority)) {}
  static nghttp2_session_callbacks* Callbacks();
  static ssize_t ReadBody(nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t size, std::uint32_t* flags,
                          nghttp2_data_source* source, void*);
  static int OnHeader(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
                      const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* self);
  static int OnData(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data, std::size_t size,
                    void* self);
  static int OnClose(nghttp2_session*, std::int32_t, std::uint32_t, void* self);

  std::string authority_;
  SessionPtr session_;
  std::string_view unsent_;
  GrpcReply reply_;
  bool replied_ = false;
};

}  // namespace rootkeep::bench
