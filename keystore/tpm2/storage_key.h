// The storage root key: the parent of the keys in files, and what a session is salted to.
#pragma once

#include <optional>
#include <string>

#include "keystore/tpm2/connection.h"

namespace rootkeep::tpm2 {

// P-256 with SHA-256 and AES-128-CFB, attributes 0x30472 (fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth,
// noDA, restricted, decrypt), both coordinates in `unique` empty (size 0), not 32 zeros as in TCG's provisioning
// guidance: another `unique` makes another key. This is what tpm2-openssl takes parent 0x40000001 to be.
TPM2B_PUBLIC StorageKeyTemplate();

// The Name of the storage key that keys were made under, on disk: hexadecimal and a line break. Whoever answers in the
// TPM's place, on the bus or by a TPM that was cleared or exchanged, has another.
class StorageKeyPin {
 public:
  // `keys` is the directory of the keys, each in one of its own.
  StorageKeyPin(std::string path, std::string keys) : path_(std::move(path)), keys_(std::move(keys)) {}

  // Nothing when none is pinned yet. FAILED_PRECONDITION when it cannot be understood.
  [[nodiscard]] Result<std::optional<Bytes>> Read() const;
  // Durable when it returns. Once only: ALREADY_EXISTS when another process was first. FAILED_PRECONDITION
  // "srk_changed" when a key has an auth value already: the pin that went with it was lost, and whatever answers now
  // would be told that value.
  Status Write(const Bytes& name) const;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  [[nodiscard]] Status CheckNoAuthIsThere() const;

  const std::string path_;
  const std::string keys_;
};

// The storage key's handle in this connection, where it is kept: the persistent 0x81000001 when that has the pinned
// Name, otherwise TPM2_CreatePrimary in the owner hierarchy. The first time there is none pinned, the primary's is.
// DATA_LOSS "srk_changed" when the TPM makes another; FAILED_PRECONDITION "auth" when the owner hierarchy has an auth
// value.
Result<ESYS_TR> StorageKey(Connection& connection, const StorageKeyPin& pin);

}  // namespace rootkeep::tpm2
