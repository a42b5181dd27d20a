#include "keystore/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace rootkeep {

std::string_view CodeName(Code code) {
  switch (code) {
    case Code::kCancelled: return "CANCELLED";
    case Code::kUnknown: return "UNKNOWN";
    case Code::kInvalidArgument: return "INVALID_ARGUMENT";
    case Code::kDeadlineExceeded: return "DEADLINE_EXCEEDED";
    case Code::kNotFound: return "NOT_FOUND";
    case Code::kAlreadyExists: return "ALREADY_EXISTS";
    case Code::kPermissionDenied: return "PERMISSION_DENIED";
    case Code::kResourceExhausted: return "RESOURCE_EXHAUSTED";
    case Code::kFailedPrecondition: return "FAILED_PRECONDITION";
    case Code::kAborted: return "ABORTED";
    case Code::kOutOfRange: return "OUT_OF_RANGE";
    case Code::kUnimplemented: return "UNIMPLEMENTED";
    case Code::kInternal: return "INTERNAL";
    case Code::kUnavailable: return "UNAVAILABLE";
    case Code::kDataLoss: return "DATA_LOSS";
    case Code::kUnauthenticated: return "UNAUTHENTICATED";
  }
  return "UNKNOWN";
}

bool Error::retryable() const {
  return code_ == Code::kUnavailable || code_ == Code::kResourceExhausted || code_ == Code::kAborted ||
         code_ == Code::kDeadlineExceeded;
}

Error Error::WithNative(NativeCode native) && {
  native_ = std::move(native);
  return std::move(*this);
}

Error Error::WithHint(std::string hint) && {
  hint_ = std::move(hint);
  return std::move(*this);
}

Error Error::WithReason(std::string_view literal) && {
  reason_ = literal;
  return std::move(*this);
}

Error Error::WithCode(Code code) && {
  code_ = code;
  return std::move(*this);
}

Error Error::WithRetryAfter(std::chrono::nanoseconds wait) && {
  retry_after_ = std::max(std::chrono::ceil<std::chrono::milliseconds>(wait), std::chrono::milliseconds(1));
  return std::move(*this);
}

Error Error::Within(std::string_view context) && {
  message_ = fmt::format("{}: {}", context, message_);
  return std::move(*this);
}

std::string Error::ToString() const {
  std::string text = message_;
  if (!native_.domain.empty()) {
    text += native_.name.empty() ? fmt::format(" ({} {})", native_.domain, native_.value)
                                 : fmt::format(" ({} {:#x})", native_.name, native_.value);
  }
  if (retry_after_) text += fmt::format("; retry after {} ms", retry_after_->count());
  if (!hint_.empty()) text += fmt::format("; hint: {}", hint_);
  return text;
}

Error ErrnoError(std::string_view call, int error_number) {
  const Code code = error_number == ENOENT                                ? Code::kNotFound
                    : error_number == EEXIST                              ? Code::kAlreadyExists
                    : error_number == EACCES || error_number == EPERM     ? Code::kPermissionDenied
                    : error_number == EAGAIN || error_number == ETIMEDOUT ? Code::kUnavailable
                                                                          : Code::kInternal;
  const char* name = strerrorname_np(error_number);
  return Error(code, fmt::format("{}: {}", call, strerrordesc_np(error_number)))
      .WithNative({"errno", static_cast<std::uint64_t>(error_number), name == nullptr ? "" : name});
}

}  // namespace rootkeep
