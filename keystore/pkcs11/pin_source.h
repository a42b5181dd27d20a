// Where a token's PIN is read when it is needed; never the PIN itself.
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/result.h"
#include "keystore/base/secret_bytes.h"

namespace rootkeep::pkcs11 {

// A value. Written "file:/absolute/path" (or "file:///absolute/path"), or "credential:NAME", which is the file NAME in
// the directory that systemd names in $CREDENTIALS_DIRECTORY (systemd.exec(5), LoadCredential=).
class PinSource {
 public:
  // No source: Read fails with a hint.
  PinSource() = default;
  // INVALID_ARGUMENT for any other form; empty text gives no source.
  static Result<PinSource> Parse(std::string_view text);

  // Where an operator can put another PIN; empty when that is not a file of ours to write.
  [[nodiscard]] std::string file() const { return kind_ == Kind::kFile ? name_ : std::string(); }

  [[nodiscard]] bool empty() const { return kind_ == Kind::kNone; }

  // The PIN, without its trailing line break. FAILED_PRECONDITION "pin_source" when there is no source, the file is
  // not there, others may read it, or it is empty.
  [[nodiscard]] Result<SecretBytes> Read() const;

 private:
  enum class Kind { kNone, kFile, kCredential };

  [[nodiscard]] Result<SecretBytes> ReadCredential() const;

  Kind kind_ = Kind::kNone;
  std::string name_;
};

}  // namespace rootkeep::pkcs11
