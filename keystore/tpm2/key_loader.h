// Brings keys from their files into the TPM.
#pragma once

#include <memory>
#include <string>

#include "keystore/key_info.h"
#include "keystore/tpm2/storage_key.h"
#include "keystore/tpm2/store_options.h"
#include "keystore/tpm2/stored_key.h"
#include "keystore/tpm2/tpm.h"

namespace rootkeep::tpm2 {

// What a store and its signers share. Thread-safe; whatever takes a Connection is for works of tpm().
class KeyLoader {
 public:
  KeyLoader(std::shared_ptr<Tpm> tpm, StoreOptions options)
      : tpm_(std::move(tpm)),
        options_(std::move(options)),
        directory_(options_.directory + "/keys",
                   options_.credentials.empty() ? "" : options_.credentials + "/" + options_.name + "."),
        pin_(options_.directory + "/storage-key", options_.directory + "/keys") {}

  [[nodiscard]] Tpm& tpm() const { return *tpm_; }
  [[nodiscard]] const StoreOptions& options() const { return options_; }
  [[nodiscard]] KeyDirectory& directory() { return directory_; }

  // The TPM as a token. DATA_LOSS "srk_changed" when it is not the one whose storage key is pinned.
  Result<DeviceInfo> Describe(Connection& connection) const;
  // The same, and the key with this label in it.
  Result<KeyInfo> Describe(Connection& connection, const StoredKey& key) const;

  // A handle that may sign: loaded, with its auth value, and kept until another is. FAILED_PRECONDITION "auth_file",
  // "auth_latched"; DATA_LOSS "key_unusable" when it is a key of another TPM.
  Result<ESYS_TR> Load(Connection& connection, const StoredKey& key) const;
  // The handle of a key that is kept since an earlier Load; ESYS_TR_NONE when it is not.
  [[nodiscard]] static ESYS_TR Kept(Connection& connection, const Bytes& name);

  // The handle of the storage key, which has been compared with its pin. Errors as StorageKey.
  Result<ESYS_TR> Parent(Connection& connection) const { return StorageKey(connection, pin_); }

  // What authorises a signature with a loaded key.
  Result<ESYS_TR> Session(Connection& connection) const;

  // The TPM refused this key's auth value.
  void AuthRefused(const std::string& label) const;

  // TPM2_Create below the storage key. UNIMPLEMENTED when the TPM does not have the type.
  Result<KeyFile> Create(Connection& connection, KeyType type, const SecretBytes& auth) const;

 private:
  Status LoadBelow(Connection& connection, ESYS_TR parent, const StoredKey& key) const;
  Result<SecretBytes> AuthOf(const StoredKey& key) const;

  const std::shared_ptr<Tpm> tpm_;
  const StoreOptions options_;
  KeyDirectory directory_;
  const StorageKeyPin pin_;
};

}  // namespace rootkeep::tpm2
