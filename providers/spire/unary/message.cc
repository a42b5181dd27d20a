#include "providers/spire/unary/message.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

namespace rootkeep::spire::unary {
namespace {

std::optional<std::chrono::nanoseconds> UnitOf(char name) {
  switch (name) {
    case 'H': return std::chrono::hours(1);
    case 'M': return std::chrono::minutes(1);
    case 'S': return std::chrono::seconds(1);
    case 'm': return std::chrono::milliseconds(1);
    case 'u': return std::chrono::microseconds(1);
    case 'n': return std::chrono::nanoseconds(1);
    default: return std::nullopt;
  }
}

}  // namespace

Result<std::string_view> OnlyMessage(std::string_view body) {
  if (body.size() < kPrefixSize) return Internal("the request has no message");
  if (body[0] != 0) return Error(Code::kUnimplemented, "the request's message is compressed");
  std::size_t size = 0;
  for (std::size_t i = 1; i < kPrefixSize; ++i) size = size << 8U | static_cast<unsigned char>(body[i]);
  body.remove_prefix(kPrefixSize);
  if (body.size() != size) return Internal("the request is not one message");
  return body;
}

void AppendMessage(std::string& out, std::string_view message) {
  out.push_back('\0');
  for (unsigned shift = 32; shift > 0;) {
    shift -= 8;
    out.push_back(static_cast<char>(message.size() >> shift & 0xFFU));
  }
  out += message;
}

bool IsGrpcType(std::string_view content_type) {
  constexpr std::string_view kType = "application/grpc";
  if (!content_type.starts_with(kType)) return false;
  content_type.remove_prefix(kType.size());
  return content_type.empty() || content_type.front() == '+' || content_type.front() == ';';
}

std::optional<std::chrono::nanoseconds> ParseTimeout(std::string_view value) {
  constexpr std::size_t kMostDigits = 8;
  if (value.size() < 2 || value.size() > kMostDigits + 1) return std::nullopt;
  const auto unit = UnitOf(value.back());
  value.remove_suffix(1);
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
  if (!unit || error != std::errc() || end != value.data() + value.size()) return std::nullopt;
  if (count > kLongestTimeout / *unit) return kLongestTimeout;
  return count * *unit;
}

std::string EncodeText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = c >= ' ' && c <= '~' && c != '%';
    if (out.size() + (plain ? 1 : 3) > kMaxText) break;
    if (plain) {
      out.push_back(c);
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace rootkeep::spire::unary
