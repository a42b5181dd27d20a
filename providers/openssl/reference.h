// Key references: what stands in a file in the place of a private key (providers/README.md has the layout). Pure.
#pragma once

#include <optional>
#include <span>

#include "keystore/keysocket/wire/values.h"

namespace rootkeep::provider {

inline constexpr const char* kReferenceLabel = "ROOTKEEP KEY REFERENCE";
// What pkcs11-provider writes, so that people change a provider and no files.
inline constexpr const char* kPkcs11ReferenceLabel = "PKCS#11 PROVIDER URI";

// Longer files are none of ours.
inline constexpr std::size_t kMaxReference = 8192;
inline constexpr std::size_t kMaxSocket = 107;

// Views point into what was parsed.
struct KeyReference {
  std::string_view uri;                               // the agent understands it; 1 to kMaxName octets
  std::string_view socket;                            // absolute path; empty: the configured one
  std::optional<keysocket::Fingerprint> fingerprint;  // the key that it has to be
};

// SEQUENCE { INTEGER 1, UTF8String uri, [0] UTF8String socket OPTIONAL, [1] OCTET STRING fingerprint OPTIONAL }
[[nodiscard]] bool ParseReference(keysocket::Octets der, KeyReference& out) noexcept;
// SEQUENCE { VisibleString "PKCS#11 Provider URI v1.0", UTF8String uri }
[[nodiscard]] bool ParsePkcs11Reference(keysocket::Octets der, KeyReference& out) noexcept;

// Octets written; 0 when it does not fit.
std::size_t WriteReference(const KeyReference& reference, std::span<std::uint8_t> out) noexcept;

}  // namespace rootkeep::provider
