// Puts intents and outcomes into the database, inside a transaction that the caller holds. Internal to this folder.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "keystore/base/result.h"
#include "signer/ledger/outcome.h"
#include "signer/store/database.h"

namespace rootkeep {

// Used by one thread; must go before its database.
class EntryWriter {
 public:
  static Result<std::unique_ptr<EntryWriter>> Prepare(store::Database& database);

  // The intent's id. ALREADY_EXISTS when (issuer, serial) is taken, and then the transaction is as good as before;
  // any other error is the database's.
  Result<std::int64_t> Insert(const Intent& intent);
  // Does nothing when the intent already has an outcome.
  Status Insert(const Outcome& outcome);

  // Call after a rollback: ids learnt inside the transaction are void.
  void ForgetIssuers() { issuer_ids_.clear(); }

 private:
  EntryWriter(store::Database& database, store::Statement intent, store::Statement outcome)
      : database_(database), insert_intent_(std::move(intent)), insert_outcome_(std::move(outcome)) {}

  Result<std::int64_t> IssuerId(const std::string& fingerprint);
  Result<std::int64_t> FindOrAddIssuer(const std::string& fingerprint);

  store::Database& database_;
  store::Statement insert_intent_;
  store::Statement insert_outcome_;
  std::unordered_map<std::string, std::int64_t> issuer_ids_;
};

}  // namespace rootkeep
