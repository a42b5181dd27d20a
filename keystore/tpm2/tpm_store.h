// KeyStore over one Tpm and one directory.
#pragma once

#include <map>
#include <memory>

#include "keystore/key_store.h"
#include "keystore/tpm2/key_loader.h"
#include "keystore/tpm2/tpm_signer.h"

namespace rootkeep::tpm2 {

class TpmStore final : public KeyStore, private HealthProbe, private KeyDeleter, private SpaceProbe {
 public:
  explicit TpmStore(std::shared_ptr<KeyLoader> loader) : loader_(std::move(loader)) {}

  Result<std::shared_ptr<const Signer>> Open(const KeyUri& uri, Deadline deadline) override;
  Result<KeyInfo> Create(const KeySpec& spec, Deadline deadline) override;
  Result<std::vector<KeyInfo>> List(Deadline deadline) override;
  HealthProbe* health() override { return this; }
  KeyDeleter* deleter() override { return this; }
  SpaceProbe* space() override { return this; }

 private:
  Status Probe(Deadline deadline) override { return loader_->tpm().Probe(deadline); }
  Status Delete(const KeyUri& uri, Deadline deadline) override;
  // A key is one file, and goes at once.
  Status DeleteRemains(const KeyRemains& /*remains*/, Deadline /*deadline*/) override { return Ok(); }
  // Of the disk that has the key files.
  Result<std::optional<DeviceSpace>> Space(Deadline /*deadline*/) override { return loader_->directory().Space(); }

  // The one key that `uri` names, in this TPM.
  Result<StoredKey> Find(Connection& connection, const KeyUri& uri);
  Result<std::shared_ptr<const Signer>> SignerFor(Connection& connection, const StoredKey& key);

  const std::shared_ptr<KeyLoader> loader_;
  Mutex mutex_;
  std::map<std::string, std::weak_ptr<const TpmSigner>> signers_ RK_GUARDED_BY(mutex_);  // by label
};

}  // namespace rootkeep::tpm2
