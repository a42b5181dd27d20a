#include "providers/spire/unary/message.h"

#include <fmt/format.h>

#include <iterator>

namespace rootkeep::spire::unary {

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
