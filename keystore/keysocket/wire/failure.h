// Why a call over the key socket failed. The wire has an error type of its own: whoever loads it into an application
// has none of ours.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rootkeep::keysocket {

// Printable ASCII of at most kMost characters, without allocation. What is longer is cut; anything else becomes '?', so
// that whoever prints it prints one line.
template <std::size_t kMost>
class ShortText {
 public:
  ShortText() noexcept = default;
  // NOLINTNEXTLINE(google-explicit-constructor): texts are given as literals and views
  ShortText(std::string_view text) noexcept : size_(std::min(text.size(), kMost)) {
    std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size_), text_.begin(),
                   [](char c) { return c < ' ' || c > '~' ? '?' : c; });
  }

  [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  // What does not fit any more is left out.
  void Append(std::string_view text) noexcept {
    for (const char c : text.substr(0, kMost - size_)) text_[size_++] = c < ' ' || c > '~' ? '?' : c;
  }
  friend bool operator==(const ShortText& a, const ShortText& b) noexcept { return a.view() == b.view(); }

 private:
  std::array<char, kMost> text_{};
  std::size_t size_ = 0;
};

// Numbered as gRPC status codes (keystore/base/error.h), of which these can cross.
enum class FailureCode : std::uint8_t {
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
};
bool IsFailureCode(std::uint8_t number) noexcept;

// Lower case without a final full stop, never a secret.
struct Failure {
  FailureCode code = FailureCode::kInternal;
  std::uint32_t retry_ms = 0;  // when the same call is worth repeating; 0: nobody knows
  ShortText<64> reason;        // a stable word, for example "key_missing"; may be empty
  ShortText<512> message;
  ShortText<256> hint;
  ShortText<16> native_domain;  // "CKR", "errno"; empty when there is no native code
  std::uint64_t native_value = 0;
  ShortText<64> native_name;

  friend bool operator==(const Failure&, const Failure&) noexcept = default;
};

inline Failure WireFailure(FailureCode code, std::string_view reason, std::string_view message) noexcept {
  Failure failure;
  failure.code = code;
  failure.reason = reason;
  failure.message = message;
  return failure;
}

// Reasons of this side's own.
inline constexpr std::string_view kReasonDeadline = "deadline";           // passed before anything was sent
inline constexpr std::string_view kReasonAgentDown = "agent_down";        // nobody serves the socket
inline constexpr std::string_view kReasonAgentLost = "agent_lost";        // it went away; the call's fate is unknown
inline constexpr std::string_view kReasonAgentTimeout = "agent_timeout";  // no answer by the deadline
inline constexpr std::string_view kReasonAgentBroken = "agent_broken";    // what it sent is no answer to this call
inline constexpr std::string_view kReasonAgentVersion = "agent_version";  // no version in common

}  // namespace rootkeep::keysocket
