// The one error type: what failed, in the caller's terms and in the native code of whoever failed.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rootkeep {

// Numbered as gRPC status codes, so that the RPC edge casts (https://grpc.github.io/grpc/core/md_doc_statuscodes.html).
enum class Code : std::uint8_t {
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// The gRPC spelling, for example "UNAVAILABLE".
std::string_view CodeName(Code code);

// The code as its origin numbers it. `domain` is empty when there is none.
struct NativeCode {
  std::string_view domain;  // a literal: "CKR", "TSS2", "OpenSSL", "errno", "SQL"
  std::uint64_t value = 0;
  std::string name;  // the symbol, for example "CKR_PIN_INCORRECT"; may be empty
};

// A value; copy is cheap enough for error paths and never throws on the fields it shares.
// Text is lower case without a final period, names the failed call and never holds a secret.
class [[nodiscard]] Error {
 public:
  Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] Code code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  [[nodiscard]] const NativeCode& native() const { return native_; }
  [[nodiscard]] const std::string& hint() const { return hint_; }
  // A short stable word for logs and metrics, for example "ttl" or "token_absent"; empty when nobody set one.
  [[nodiscard]] std::string_view reason() const { return reason_; }
  // True when the same call may succeed later without anybody changing anything.
  [[nodiscard]] bool retryable() const;
  // How long to wait before the same call is worth repeating, as far as whoever refused it knows.
  [[nodiscard]] std::optional<std::chrono::milliseconds> retry_after() const { return retry_after_; }

  // Builders, chained on a temporary. They return by value, so that assigning the result to the error itself is safe.
  Error WithNative(NativeCode native) &&;
  Error WithHint(std::string hint) &&;
  Error WithReason(std::string_view literal) &&;
  Error WithCode(Code code) &&;
  // At least a millisecond.
  Error WithRetryAfter(std::chrono::nanoseconds wait) &&;
  // Puts "context: " before the message.
  Error Within(std::string_view context) &&;

  // Message, native code and hint on one line, for operators.
  [[nodiscard]] std::string ToString() const;

 private:
  Code code_;
  std::string message_;
  NativeCode native_;
  std::string hint_;
  std::string_view reason_;
  std::optional<std::chrono::milliseconds> retry_after_;
};

inline Error InvalidArgument(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }
inline Error NotFound(std::string message) { return {Code::kNotFound, std::move(message)}; }
inline Error AlreadyExists(std::string message) { return {Code::kAlreadyExists, std::move(message)}; }
inline Error FailedPrecondition(std::string message) { return {Code::kFailedPrecondition, std::move(message)}; }
inline Error Unavailable(std::string message) { return {Code::kUnavailable, std::move(message)}; }
inline Error DeadlineExceeded(std::string message) { return {Code::kDeadlineExceeded, std::move(message)}; }
inline Error ResourceExhausted(std::string message) { return {Code::kResourceExhausted, std::move(message)}; }
inline Error Unauthenticated(std::string message) { return {Code::kUnauthenticated, std::move(message)}; }
inline Error PermissionDenied(std::string message) { return {Code::kPermissionDenied, std::move(message)}; }
inline Error Internal(std::string message) { return {Code::kInternal, std::move(message)}; }

// `call` failed with the given errno, for example ErrnoError("open /etc/x", errno).
Error ErrnoError(std::string_view call, int error_number);

}  // namespace rootkeep
