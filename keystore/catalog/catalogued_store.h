// A KeyStore whose keys are made in two phases, and opened by leave of the catalogue.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "keystore/catalog/catalog.h"
#include "keystore/key_store.h"

namespace rootkeep {

// Lists as the store behind it. Open: as there, for who may sign with the key. Create: a PENDING row, the key, ACTIVE
// with its public key (README.md says what each failure leaves).
class CataloguedStore final : public KeyStore {
 public:
  // `token` is what the store's token is called; `users` are permitted each key that is made; `opened_by` is who signs
  // with what Open returns, as Purpose::user; `maker` is CatalogEntry's.
  CataloguedStore(std::shared_ptr<KeyStore> store, std::shared_ptr<Catalog> catalog, TokenName token,
                  const Clock& clock, std::vector<std::string> users = {}, std::string opened_by = "",
                  std::string maker = "");

  // Errors also as CheckPermitted, but for a key without a row, which is opened.
  Result<std::shared_ptr<const Signer>> Open(const KeyUri& uri, Deadline deadline) override;
  // As KeyStore::Create. When an earlier creation of the same key was interrupted, it is finished: a key that came into
  // being is taken when its type and custody are those asked for; FAILED_PRECONDITION when they are not.
  Result<KeyInfo> Create(const KeySpec& spec, Deadline deadline) override;
  Result<std::vector<KeyInfo>> List(Deadline deadline) override;

  HealthProbe* health() override { return store_->health(); }
  // No deletion behind the catalogue's back.
  KeyDeleter* deleter() override { return nullptr; }

 private:
  // Whether a row for the key is there to be finished; makes one otherwise.
  Result<bool> IntendOrResume(const KeySpec& spec, const std::string& label);
  Result<std::optional<KeyInfo>> FindLabel(const std::string& label, Deadline deadline);

  const std::shared_ptr<KeyStore> store_;
  const std::shared_ptr<Catalog> catalog_;
  const TokenName token_;
  const Clock& clock_;
  const std::vector<std::string> users_;
  const std::string opened_by_;
  const std::string maker_;
};

}  // namespace rootkeep
