// The words of the key socket, with their numbers on the wire (proto/keysocket/README.md). Zero is never one.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "keystore/keysocket/wire/octets.h"

namespace rootkeep::keysocket {

enum class WireType : std::uint8_t { kEcP256 = 1, kEcP384, kRsa2048, kRsa3072, kRsa4096, kEd25519 };
enum class WireUse : std::uint8_t { kRootkeepCa = 1, kLog, kNode, kApp, kForeignCa };
enum class WireCustody : std::uint8_t { kLocalOnly = 1, kHsmBackup };
enum class WireVoucher : std::uint8_t { kTokenSoftware = 1, kToken };
enum class WireFact : std::uint8_t { kNo = 1, kYes, kUnsaid };
enum class WireUrgency : std::uint8_t { kInteractive = 1, kIssuance, kBulk };
enum class WireScheme : std::uint8_t {
  kEcdsaSha256 = 1,
  kEcdsaSha384,
  kRsaPkcs1Sha256,
  kRsaPkcs1Sha384,
  kRsaPkcs1Sha512,
  kRsaPssSha256,  // MGF1 with the same hash, salt as long as the hash
  kRsaPssSha384,
  kRsaPssSha512,
  kEd25519,  // hashes by itself: sign takes the message
};

// SHA-256 of the SubjectPublicKeyInfo: what names a key to sign with, so that no other can take its place.
inline constexpr std::size_t kFingerprintSize = 32;
using Fingerprint = std::array<std::uint8_t, kFingerprintSize>;

// Octets that a field may have at most.
inline constexpr std::size_t kMaxInput = 64 * 1024;
inline constexpr std::size_t kMaxName = 4096;  // the URI that a caller names a key by
inline constexpr std::size_t kMaxUri = 1024;   // the one that the agent gives it
inline constexpr std::size_t kMaxLabel = 128;
inline constexpr std::size_t kMaxId = 64;
inline constexpr std::size_t kMaxSpki = 1024;
inline constexpr std::size_t kMaxUsages = 128;
inline constexpr std::size_t kMaxDevice = 64;  // each of a token's words about itself
inline constexpr std::size_t kMaxSignature = 1024;

// What a token says of a private key (keystore/key_info.h).
struct WireFacts {
  WireFact sensitive = WireFact::kUnsaid;
  WireFact extractable = WireFact::kUnsaid;
  WireFact always_sensitive = WireFact::kUnsaid;
  WireFact never_extractable = WireFact::kUnsaid;
  WireFact local = WireFact::kUnsaid;
  WireFact modifiable = WireFact::kUnsaid;
  WireFact always_authenticate = WireFact::kUnsaid;
  std::string_view other_usages;

  friend bool operator==(const WireFacts&, const WireFacts&) noexcept = default;
};

struct WireDevice {
  std::string_view label;
  std::string_view serial;
  std::string_view manufacturer;
  std::string_view model;
  bool software = false;

  friend bool operator==(const WireDevice&, const WireDevice&) noexcept = default;
};

// One key. Its texts and octets belong to the message that it was read from, or to whoever wrote it.
struct KeyDescription {
  Fingerprint fingerprint{};
  WireType type = WireType::kEcP256;
  WireUse use = WireUse::kApp;
  std::uint32_t schemes = 0;      // bit n: the WireScheme with number n
  std::uint32_t concurrency = 1;  // how many signatures may usefully be asked for at once
  std::string_view uri;           // keysocket:..., names it in later calls
  std::string_view label;
  Octets id;
  Octets spki;  // DER SubjectPublicKeyInfo
  WireVoucher voucher = WireVoucher::kToken;
  WireFacts facts;
  WireDevice device;

  [[nodiscard]] bool Signs(WireScheme scheme) const noexcept {
    return (schemes >> static_cast<unsigned>(scheme) & 1U) != 0;
  }
};

}  // namespace rootkeep::keysocket
