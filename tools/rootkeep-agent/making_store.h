// A token's store whose keys are recorded in the catalogue when they are made.
#pragma once

#include <memory>
#include <string>

#include "keystore/catalog/entry.h"
#include "keystore/key_store.h"
#include "keystore/keysocket/wire/messages.h"
#include "tools/rootkeep-agent/foreign_ca_keys.h"
#include "tools/rootkeep-agent/key_permits.h"

namespace rootkeep::agent {

// Opens and lists as the store behind it: what may be signed with is KeyPermits' affair. Create: as
// CataloguedStore::Create, in the catalogue that is there then; the first key begins one. keysocket::kNextGeneration
// makes the next of the name. Keys are permitted their use's DefaultUsers; those of other CAs are ForeignCaKeys'
// affair.
class MakingStore final : public KeyStore {
 public:
  // `clock`, `permits` and `foreign_ca_keys` outlive this.
  MakingStore(std::shared_ptr<KeyStore> store, std::string catalog_path, TokenName token, const Clock& clock,
              KeyPermits& permits, ForeignCaKeys& foreign_ca_keys)
      : store_(std::move(store)),
        catalog_path_(std::move(catalog_path)),
        token_(std::move(token)),
        clock_(clock),
        permits_(permits),
        foreign_ca_keys_(foreign_ca_keys) {}

  Result<std::shared_ptr<const Signer>> Open(const KeyUri& uri, Deadline deadline) override;
  Result<KeyInfo> Create(const KeySpec& asked, Deadline deadline) override;
  Result<std::vector<KeyInfo>> List(Deadline deadline) override { return store_->List(deadline); }
  HealthProbe* health() override { return store_->health(); }

 private:
  // The generation of the next key of that name and type.
  Result<std::uint32_t> Next(const KeySpec& spec, Deadline deadline);
  // INVALID_ARGUMENT for a generation of a foreign CA's key that is beyond the next.
  Result<KeySpec> WithGeneration(KeySpec spec, Deadline deadline);
  Result<KeyInfo> Make(const KeySpec& spec, Deadline deadline);

  const std::shared_ptr<KeyStore> store_;
  const std::string catalog_path_;
  const TokenName token_;
  const Clock& clock_;
  KeyPermits& permits_;
  ForeignCaKeys& foreign_ca_keys_;
};

}  // namespace rootkeep::agent
