// Puts intents and outcomes into the database, inside a transaction that the caller holds. Internal to this folder.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "keystore/base/result.h"
#include "signer/ledger/outcome.h"
#include "signer/store/database.h"

namespace rootkeep {

// Used by one thread; must go before its database, and when a transaction was rolled back: what it learnt inside is
// void.
class EntryWriter {
 public:
  static Result<std::unique_ptr<EntryWriter>> Prepare(store::Database& database);

  // The intent's id. ALREADY_EXISTS when (issuer, serial) is taken, and then the transaction is as good as before;
  // any other error is the database's.
  Result<std::int64_t> Insert(const Intent& intent);
  // Does nothing when the intent already has an outcome.
  Status Insert(const Outcome& outcome);

 private:
  EntryWriter(store::Database& database, store::Statement intent, store::Statement outcome)
      : database_(database), insert_intent_(std::move(intent)), insert_outcome_(std::move(outcome)) {}

  struct Issuer {
    std::int64_t id = 0;
    std::map<std::string, std::int64_t> ends;  // by profile, as on record
  };

  Result<Issuer*> IssuerOf(const std::string& fingerprint);
  Result<Issuer> FindOrAddIssuer(const std::string& fingerprint);
  Result<std::map<std::string, std::int64_t>> FindEnds(std::int64_t issuer_id);
  // For the most part nothing: certificates that are asked for in one second end in one.
  Status NoteEnd(Issuer& issuer, const Intent& intent);

  store::Database& database_;
  store::Statement insert_intent_;
  store::Statement insert_outcome_;
  std::unordered_map<std::string, Issuer> issuers_;  // by fingerprint
};

}  // namespace rootkeep
