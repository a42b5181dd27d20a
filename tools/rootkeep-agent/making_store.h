// A token's store whose keys are recorded in the catalogue when they are made.
#pragma once

#include <memory>
#include <string>

#include "keystore/catalog/entry.h"
#include "keystore/key_store.h"
#include "tools/rootkeep-agent/key_permits.h"

namespace rootkeep::agent {

// Opens and lists as the store behind it: what may be signed with is KeyPermits' affair. Create: as
// CataloguedStore::Create, in the catalogue that is there then; the first key begins one. Keys are permitted their
// use's DefaultUsers.
class MakingStore final : public KeyStore {
 public:
  // `clock` and `permits` outlive this.
  MakingStore(std::shared_ptr<KeyStore> store, std::string catalog_path, TokenName token, const Clock& clock,
              KeyPermits& permits)
      : store_(std::move(store)),
        catalog_path_(std::move(catalog_path)),
        token_(std::move(token)),
        clock_(clock),
        permits_(permits) {}

  Result<std::shared_ptr<const Signer>> Open(const KeyUri& uri, Deadline deadline) override {
    return store_->Open(uri, deadline);
  }
  Result<KeyInfo> Create(const KeySpec& spec, Deadline deadline) override;
  Result<std::vector<KeyInfo>> List(Deadline deadline) override { return store_->List(deadline); }
  HealthProbe* health() override { return store_->health(); }

 private:
  const std::shared_ptr<KeyStore> store_;
  const std::string catalog_path_;
  const TokenName token_;
  const Clock& clock_;
  KeyPermits& permits_;
};

}  // namespace rootkeep::agent
