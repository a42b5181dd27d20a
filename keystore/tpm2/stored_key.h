// A key as its file, or a persistent handle, has it.
#pragma once

#include <optional>
#include <string>

#include "keystore/tpm2/connection.h"
#include "keystore/tpm2/key_directory.h"

namespace rootkeep::tpm2 {

struct StoredKey {
  std::string label;
  std::optional<TPM2_HANDLE> persistent;  // otherwise the private half is in `private_area`, encrypted by `parent`
  TPM2_HANDLE parent = 0;
  bool empty_auth = false;
  TPM2B_PUBLIC public_area;
  TPM2B_PRIVATE private_area;
  Bytes name;

  // The first 16 octets of the digest in the Name: the same wherever the key's file is copied, and no other key's.
  [[nodiscard]] Bytes id() const { return {name.begin() + 2, name.begin() + 18}; }
};

// The handle that a label names, 0x81 and six hexadecimal digits; nothing for any other label.
std::optional<TPM2_HANDLE> HandleOf(const std::string& label);

// The key with this label, of the directory's file or, when that has none, of the TPM's persistent handle by the same
// name. NOT_FOUND "key_not_found"; "key_unusable" for one that could not sign (CheckSigns) or whose parent is neither
// the owner hierarchy nor persistent.
Result<StoredKey> ReadKey(const KeyDirectory& directory, Connection& connection, const std::string& label);

// Takes apart what a key file or TPM2_Create gave. Errors as above.
Result<StoredKey> FromFile(const std::string& label, const KeyFile& file);

}  // namespace rootkeep::tpm2
