// Keys that another CA, such as SPIRE, makes and replaces over a key socket: how many of them stay in a token.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "keystore/base/mutex.h"
#include "keystore/base/turn.h"
#include "keystore/catalog/catalog.h"
#include "keystore/catalog/replaced.h"
#include "keystore/key_store.h"

namespace rootkeep::agent {

// The one part of Rootkeep that destroys keys without being told to (keystore/catalog/replaced.h says which), and only
// such as it made itself. Thread-safe.
class ForeignCaKeys {
 public:
  // Signatures that others do not rely on: the request for the key's certificate, and the trial by which SPIRE looks at
  // the answer.
  static constexpr unsigned kOwnSignatures = 2;

  // `clock` outlives this.
  ForeignCaKeys(std::string catalog_path, ReplacedKeysPolicy policy, const Clock& clock)
      : catalog_path_(std::move(catalog_path)), policy_(policy), clock_(clock) {}

  // At once: each holds a thread of the token's managers (keysocket::ServerOptions), of which other calls need some.
  // One at a time goes on there, so more would only wait.
  static constexpr unsigned kMostInOneToken = 2;

  // Makes a key as CataloguedStore::Create, at spec.generation, and retires those that it replaces. Destroys what is
  // spare first, so that there are never more of a name than the policy's. RESOURCE_EXHAUSTED "replaced_keys" when that
  // cannot be done; kReasonCreations, at once, while as many as may be are under way. `store` is the token's own.
  Result<KeyInfo> Create(const std::shared_ptr<KeyStore>& store, const TokenName& token, const KeySpec& spec,
                         Deadline deadline);

  // Before a key signs. From the third signature on its row says that others rely on it, durably, before that signature
  // is made; from the first one on, for a key that another process made. UNAVAILABLE and others when that cannot be
  // written.
  Status BeforeSignature(const std::string& label);

  // Retires and destroys in this token what is due, with what an interrupted Create left. Quick when nothing is, and
  // when a key is being made.
  void Round(KeyStore& store, const TokenName& token);

 private:
  struct Token {
    Turn turn;  // whoever makes or destroys in it
    unsigned creations = 0;
  };
  // One of kMostInOneToken, while it lives.
  class Creation {
   public:
    Creation(ForeignCaKeys& keys, const TokenName& token);
    Creation(const Creation&) = delete;
    Creation& operator=(const Creation&) = delete;
    ~Creation();
    explicit operator bool() const { return token_ != nullptr; }

   private:
    ForeignCaKeys& keys_;
    Token* token_ = nullptr;  // null: there is no place
  };
  struct Place {
    Catalog& catalog;
    KeyStore& store;
    const TokenName& token;
    Deadline deadline;
  };
  [[nodiscard]] Result<ReplacedKeys> Judge(const Place& place, const std::string& name) const;
  Status MakeRoom(const Place& place, const std::string& name);
  Status Destroy(const Place& place, const std::string& label, std::string_view why);
  // Counts the signature; false when the row has to say first that the key is used.
  bool MayGoUnrecorded(const std::string& label);
  void Retire(const Place& place, const ReplacedKeys& keys);
  Token& Of(const TokenName& token) RK_REQUIRES(mutex_);
  Turn& TurnOf(const TokenName& token);
  // Of one name; what fails is left for the next time, and logged.
  void TidyUp(const Place& place, const std::string& name);

  const std::string catalog_path_;
  const ReplacedKeysPolicy policy_;
  const Clock& clock_;
  Mutex mutex_;
  std::map<std::pair<std::string, std::string>, Token> tokens_ RK_GUARDED_BY(mutex_);  // by label and serial
  std::map<std::string, unsigned> signatures_ RK_GUARDED_BY(mutex_);  // of keys that this process made, by label
  std::set<std::string> used_ RK_GUARDED_BY(mutex_);                  // that are on record as used
};

}  // namespace rootkeep::agent
