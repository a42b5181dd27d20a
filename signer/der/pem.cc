#include "signer/der/pem.h"

#include <algorithm>
#include <array>
#include <optional>

namespace rootkeep::der {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kMaxLabel = 64;
constexpr std::size_t kLineOctets = 48;  // 64 characters
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint8_t kNotBase64 = 0xff;
constexpr std::uint8_t kBlank = 0xfe;

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNotBase64);
  for (const char c : kBlanks) values[static_cast<std::uint8_t>(c)] = kBlank;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

// Base64 with white space anywhere, strict in everything else: full groups, zero in the bits left over.
std::optional<Bytes> DecodeBody(std::string_view body) {
  const std::size_t last = body.find_last_not_of(kBlanks);
  if (last == std::string_view::npos) return std::nullopt;
  body = body.substr(0, last + 1);
  std::size_t padding = 0;
  while (padding < 2 && body.ends_with('=')) {
    body.remove_suffix(1);
    ++padding;
  }
  Bytes out(body.size() / 4 * 3 + 3);
  std::size_t written = 0;
  std::size_t digits = 0;
  std::uint32_t bits = 0;
  for (const char c : body) {
    const std::uint8_t value = kValues[static_cast<std::uint8_t>(c)];
    if (value == kBlank) continue;
    if (value == kNotBase64) return std::nullopt;
    bits = bits << 6 | value;
    if (++digits % 4 != 0) continue;
    out[written++] = static_cast<std::uint8_t>(bits >> 16);
    out[written++] = static_cast<std::uint8_t>(bits >> 8);
    out[written++] = static_cast<std::uint8_t>(bits);
  }
  if ((digits + padding) % 4 != 0) return std::nullopt;
  if (digits % 4 == 2) {
    if ((bits & 0x0f) != 0) return std::nullopt;
    out[written++] = static_cast<std::uint8_t>(bits >> 4);
  } else if (digits % 4 == 3) {
    if ((bits & 0x03) != 0) return std::nullopt;
    out[written++] = static_cast<std::uint8_t>(bits >> 10);
    out[written++] = static_cast<std::uint8_t>(bits >> 2);
  }
  out.resize(written);
  return out;
}

bool IsBlank(char c) { return kBlanks.find(c) != std::string_view::npos; }

bool IsLabel(std::string_view label) {
  return label.size() <= kMaxLabel && std::ranges::all_of(label, [](char c) { return c >= 0x20 && c < 0x7f; });
}

void AppendLine(std::string& pem, ByteView octets) {
  std::array<char, kLineOctets / 3 * 4 + 1> line{};
  std::size_t written = 0;
  for (; octets.size() >= 3; octets = octets.subspan(3)) {
    const std::uint32_t bits = std::uint32_t{octets[0]} << 16 | std::uint32_t{octets[1]} << 8 | octets[2];
    line[written++] = kAlphabet[bits >> 18];
    line[written++] = kAlphabet[bits >> 12 & 63];
    line[written++] = kAlphabet[bits >> 6 & 63];
    line[written++] = kAlphabet[bits & 63];
  }
  if (!octets.empty()) {
    const std::uint32_t second = octets.size() == 2 ? octets[1] : 0;
    const std::uint32_t bits = std::uint32_t{octets[0]} << 16 | second << 8;
    line[written++] = kAlphabet[bits >> 18];
    line[written++] = kAlphabet[bits >> 12 & 63];
    line[written++] = octets.size() == 2 ? kAlphabet[bits >> 6 & 63] : '=';
    line[written++] = '=';
  }
  line[written++] = '\n';
  pem.append(line.data(), written);
}

}  // namespace

Result<Bytes> FirstPemBlock(std::string_view text) {
  const std::size_t start = text.find_first_not_of(kBlanks);
  if (start == std::string_view::npos || !text.substr(start).starts_with(kBegin)) {
    return InvalidArgument("the text does not start with a PEM block");
  }
  text.remove_prefix(start + kBegin.size());
  const std::size_t label_size = text.find(kDashes);
  if (label_size == std::string_view::npos || !IsLabel(text.substr(0, label_size))) {
    return InvalidArgument("the first line of the PEM block has no proper label");
  }
  const std::string_view label = text.substr(0, label_size);
  text.remove_prefix(label_size + kDashes.size());
  const std::size_t body_size = text.find(kEnd);
  if (body_size == std::string_view::npos || body_size == 0) return InvalidArgument("the PEM block has no end");
  const std::string_view tail = text.substr(body_size + kEnd.size());
  if (!tail.starts_with(label) || !tail.substr(label.size()).starts_with(kDashes)) {
    return InvalidArgument("the PEM block does not end as it began");
  }
  const std::string_view body = text.substr(0, body_size);
  if (!IsBlank(body.front()) || body.back() != '\n') return InvalidArgument("the PEM block does not keep its lines");
  std::optional<Bytes> der = DecodeBody(body);
  if (!der) return InvalidArgument("the PEM block does not hold base64");
  return std::move(*der);
}

std::string ToPem(ByteView der, std::string_view label) {
  std::string pem;
  pem.reserve(der.size() / 3 * 4 + der.size() / kLineOctets + 2 * label.size() + 48);
  pem.append(kBegin).append(label).append(kDashes).push_back('\n');
  while (!der.empty()) {
    const std::size_t size = std::min(der.size(), kLineOctets);
    AppendLine(pem, der.first(size));
    der = der.subspan(size);
  }
  pem.append(kEnd).append(label).append(kDashes).push_back('\n');
  return pem;
}

}  // namespace rootkeep::der
