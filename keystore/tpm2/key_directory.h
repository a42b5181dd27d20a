// The files of one TPM's keys.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/file.h"
#include "keystore/base/result.h"
#include "keystore/base/secret_bytes.h"
#include "keystore/key_store.h"
#include "keystore/tpm2/key_file.h"

namespace rootkeep::tpm2 {

// One directory a key, named by its label, with `key.pem` and, unless its auth value is empty, `auth`
// (keystore/NAMES.md). A key appears and goes whole, by a rename, and is never replaced. Thread-safe, also between
// processes.
class KeyDirectory {
 public:
  // `credentials`: what the paths of auth values begin with that are not in files of the keys; empty: there are none.
  explicit KeyDirectory(std::string path, std::string credentials = {})
      : path_(std::move(path)), credentials_(std::move(credentials)) {}

  // The name of the directory of a key with this label: rk/app/web/1 is rk_app_web_1, other labels are themselves.
  // INVALID_ARGUMENT unless it is 1 to 128 of letters, digits, '.', '-' and '_', and does not start with '.'.
  static Result<std::string> NameFor(const std::string& label);
  // The inverse.
  static std::string LabelFor(const std::string& name);

  // Every label, sorted; what is no key's directory is left out.
  [[nodiscard]] Result<std::vector<std::string>> Labels() const;
  // NOT_FOUND "key_not_found" when there is no such key; ParseKeyFile's errors; FAILED_PRECONDITION when others than
  // its owner can write the file. Nothing when the directory has no key.pem: it is a persistent key's.
  [[nodiscard]] Result<std::optional<KeyFile>> Read(const std::string& label) const;
  // What its `auth` says, or else its credential: "hex:" and hexadecimal digits, or "str:" and characters, at most 64
  // octets. Empty when there is neither. FAILED_PRECONDITION "auth_file" when others than its owner can read it, or it
  // is malformed.
  [[nodiscard]] Result<SecretBytes> ReadAuth(const std::string& label) const;

  // Keeps everybody else from adding and removing keys until the descriptor is closed. UNAVAILABLE "deadline".
  Result<Fd> LockForAdding(Deadline deadline);
  // ALREADY_EXISTS when the label is taken.
  [[nodiscard]] Status CheckIsFree(const std::string& label) const;
  // With the lock; durable when it returns. `auth` may be empty. ALREADY_EXISTS as above; RESOURCE_EXHAUSTED
  // "token_full" when the disk is.
  Status Add(const std::string& label, const KeyFile& key, const SecretBytes& auth);

  // With the lock; durable when it returns. NOT_FOUND "key_not_found".
  Status Remove(const std::string& label);

  // Of its file system, for whoever is not root. Nothing before the first key.
  [[nodiscard]] Result<std::optional<DeviceSpace>> Space() const;

  // Where a file of the key is, or would be.
  [[nodiscard]] Result<std::string> PathOf(const std::string& label, const std::string& file) const;

 private:
  [[nodiscard]] Result<SecretBytes> ReadCredential(const std::string& label) const;

  const std::string path_;
  const std::string credentials_;
};

}  // namespace rootkeep::tpm2
