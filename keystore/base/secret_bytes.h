// PINs, auth values and bearer tokens: wiped when dropped, not copyable, not printable.
#pragma once

#include <fmt/core.h>

#include <string_view>

#include "keystore/base/bytes.h"

namespace rootkeep {

// Owns its octets on the heap; they are cleansed with OPENSSL_cleanse on destruction, assignment and Clear().
// Not thread-safe. There is no way to print one: formatting or streaming does not compile.
class SecretBytes {
 public:
  SecretBytes() = default;
  // Copies `secret`; the caller wipes its own copy.
  explicit SecretBytes(ByteView secret) : bytes_(secret.begin(), secret.end()) {}
  explicit SecretBytes(std::string_view secret) : SecretBytes(AsBytes(secret)) {}
  // Takes `secret` over without a copy.
  explicit SecretBytes(Bytes&& secret) : bytes_(std::move(secret)) {}

  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  ~SecretBytes() { Clear(); }

  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

  // The secret itself, valid until this object changes. The name is for grep and for reviewers.
  [[nodiscard]] ByteView RevealForUse() const { return bytes_; }

  // A copy that somebody asked for by name.
  [[nodiscard]] SecretBytes Clone() const { return SecretBytes(RevealForUse()); }

  // In constant time for equal lengths.
  [[nodiscard]] bool Equals(const SecretBytes& other) const;

  void Clear();

 private:
  Bytes bytes_;
};

}  // namespace rootkeep

template <>
struct fmt::formatter<rootkeep::SecretBytes> {
  formatter() = delete;
};
