// KeyStore over one Link.
#pragma once

#include <map>
#include <memory>

#include "keystore/key_store.h"
#include "keystore/pkcs11/link.h"
#include "keystore/pkcs11/token_signer.h"

namespace rootkeep::pkcs11 {

class TokenStore final : public KeyStore, private HealthProbe, private KeyDeleter, private SpaceProbe {
 public:
  explicit TokenStore(std::shared_ptr<Link> link) : link_(std::move(link)) {}

  Result<std::shared_ptr<const Signer>> Open(const KeyUri& uri, Deadline deadline) override;
  Result<KeyInfo> Create(const KeySpec& spec, Deadline deadline) override;
  Result<std::vector<KeyInfo>> List(Deadline deadline) override;
  HealthProbe* health() override { return this; }
  KeyDeleter* deleter() override { return this; }
  SpaceProbe* space() override { return this; }

 private:
  Status Probe(Deadline deadline) override;
  Status Delete(const KeyUri& uri, Deadline deadline) override;
  Status DeleteRemains(const KeyRemains& remains, Deadline deadline) override;
  Result<std::optional<DeviceSpace>> Space(Deadline deadline) override;

  Status CheckLabelIsFree(const std::string& label, Deadline deadline);
  // One signer a key, so that all who use the key share what is learnt about it.
  std::shared_ptr<const Signer> SignerFor(KeyInfo info);

  const std::shared_ptr<Link> link_;
  Turn create_turn_;
  Mutex mutex_;
  std::map<Bytes, std::weak_ptr<const TokenSigner>> signers_ RK_GUARDED_BY(mutex_);  // by fingerprint
};

}  // namespace rootkeep::pkcs11
