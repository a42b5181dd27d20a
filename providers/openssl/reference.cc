#include "providers/openssl/reference.h"

#include <algorithm>

#include "providers/openssl/der_reader.h"

namespace rootkeep::provider {
namespace {

using keysocket::Octets;

constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kOctetString = 0x04;
constexpr std::uint8_t kUtf8String = 0x0c;
constexpr std::uint8_t kVisibleString = 0x1a;
constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kSocketTag = 0xa0;
constexpr std::uint8_t kFingerprintTag = 0xa1;
constexpr std::string_view kPkcs11Words = "PKCS#11 Provider URI v1.0";

bool IsUri(std::string_view text) noexcept {
  return !text.empty() && text.size() <= keysocket::kMaxName &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool IsSocket(std::string_view text) noexcept {
  return !text.empty() && text.front() == '/' && text.size() <= kMaxSocket &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// The head of a DER value before its content is written; as Reader reads it.
std::size_t HeadSize(std::size_t size) noexcept { return size < 0x80 ? 2 : size < 0x100 ? 3 : 4; }
std::size_t ValueSize(std::size_t size) noexcept { return HeadSize(size) + size; }

void Head(keysocket::FieldWriter& out, std::uint8_t tag, std::size_t size) noexcept {
  out.Number(tag);
  if (size >= 0x100) {
    out.Number(std::uint8_t{0x82});
    out.Number(static_cast<std::uint8_t>(size >> 8U));
  } else if (size >= 0x80) {
    out.Number(std::uint8_t{0x81});
  }
  out.Number(static_cast<std::uint8_t>(size));
}

void Value(keysocket::FieldWriter& out, std::uint8_t tag, Octets content) noexcept {
  Head(out, tag, content.size());
  out.Raw(content);
}

}  // namespace

bool ParseReference(Octets der, KeyReference& out) noexcept {
  out = {};
  if (der.size() > kMaxReference) return false;
  DerReader whole(der);
  DerReader in(whole.Take(kSequence));
  const Octets version = in.Take(kInteger);
  out.uri = keysocket::TextOf(in.Take(kUtf8String));
  if (in.At(kSocketTag)) {
    out.socket = keysocket::TextOf(in.TakeInside(kSocketTag, kUtf8String));
    if (!IsSocket(out.socket)) return false;
  }
  if (in.At(kFingerprintTag)) {
    const Octets octets = in.TakeInside(kFingerprintTag, kOctetString);
    if (octets.size() != keysocket::kFingerprintSize) return false;
    out.fingerprint.emplace();
    std::copy(octets.begin(), octets.end(), out.fingerprint->begin());
  }
  return whole.Ended() && in.Ended() && version.size() == 1 && version[0] == 1 && IsUri(out.uri);
}

bool ParsePkcs11Reference(Octets der, KeyReference& out) noexcept {
  out = {};
  if (der.size() > kMaxReference) return false;
  DerReader whole(der);
  DerReader in(whole.Take(kSequence));
  const std::string_view words = keysocket::TextOf(in.Take(kVisibleString));
  out.uri = keysocket::TextOf(in.Take(kUtf8String));
  return whole.Ended() && in.Ended() && words == kPkcs11Words && IsUri(out.uri);
}

std::size_t WriteReference(const KeyReference& reference, std::span<std::uint8_t> out) noexcept {
  const std::size_t socket = reference.socket.empty() ? 0 : ValueSize(reference.socket.size());
  const std::size_t fingerprint = reference.fingerprint ? ValueSize(keysocket::kFingerprintSize) : 0;
  const std::size_t size = ValueSize(1) + ValueSize(reference.uri.size()) + (socket == 0 ? 0 : ValueSize(socket)) +
                           (fingerprint == 0 ? 0 : ValueSize(fingerprint));
  if (size > kMaxReference) return 0;
  keysocket::FieldWriter writer(out);
  Head(writer, kSequence, size);
  constexpr std::uint8_t kVersion[] = {1};
  Value(writer, kInteger, kVersion);
  Value(writer, kUtf8String, keysocket::OctetsOf(reference.uri));
  if (socket != 0) {
    Head(writer, kSocketTag, socket);
    Value(writer, kUtf8String, keysocket::OctetsOf(reference.socket));
  }
  if (fingerprint != 0) {
    Head(writer, kFingerprintTag, fingerprint);
    Value(writer, kOctetString, *reference.fingerprint);
  }
  return writer.size();
}

}  // namespace rootkeep::provider
