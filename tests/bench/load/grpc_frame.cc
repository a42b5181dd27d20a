#include "tests/bench/load/grpc_frame.h"

#include <optional>

namespace rootkeep::bench {
namespace {

constexpr std::size_t kPrefixSize = 5;  // compressed flag, then the length in 4 octets, big-endian
constexpr char kCsrTag = 0x0a;          // field 1, length-delimited
constexpr char kValidityTag = 0x18;     // field 3, varint
constexpr char kCertChainTag = 0x0a;    // field 1, length-delimited

void AppendVarint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

std::optional<std::uint64_t> TakeVarint(std::string_view& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto octet = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<std::uint64_t>(octet & 0x7f) << shift;
    if (octet < 0x80) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string EncodeRequest(std::string_view csr_pem, std::int64_t validity_seconds) {
  std::string message(kPrefixSize, '\0');
  message.push_back(kCsrTag);
  AppendVarint(message, csr_pem.size());
  message += csr_pem;
  message.push_back(kValidityTag);
  AppendVarint(message, static_cast<std::uint64_t>(validity_seconds));
  const std::size_t size = message.size() - kPrefixSize;
  for (std::size_t i = 0; i < 4; ++i) message[1 + i] = static_cast<char>(size >> (8 * (3 - i)));
  return message;
}

Result<std::vector<std::string_view>> DecodeResponse(std::string_view frame) {
  if (frame.size() < kPrefixSize || frame[0] != 0) return InvalidArgument("no uncompressed gRPC message");
  std::size_t size = 0;
  for (std::size_t i = 1; i < kPrefixSize; ++i) size = size << 8 | static_cast<unsigned char>(frame[i]);
  frame.remove_prefix(kPrefixSize);
  if (frame.size() != size) return InvalidArgument("gRPC message length differs from its prefix");
  std::vector<std::string_view> chain;
  while (!frame.empty()) {
    const char tag = frame.front();
    frame.remove_prefix(1);
    const auto length = TakeVarint(frame);
    if (tag != kCertChainTag || !length || *length > frame.size()) {
      return InvalidArgument("not an IstioCertificateResponse");
    }
    chain.push_back(frame.substr(0, *length));
    frame.remove_prefix(*length);
  }
  return chain;
}

}  // namespace rootkeep::bench
