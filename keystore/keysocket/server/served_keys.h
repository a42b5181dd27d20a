// The keys of the agent's tokens, found by fingerprint or by name.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/mutex.h"
#include "keystore/key_store.h"
#include "keystore/keysocket/wire/values.h"

namespace rootkeep::keysocket {

// A key that another tool made, whose label says no use.
struct NamedKey {
  KeyUri uri;  // on its token
  KeyUse use = KeyUse::kApp;
  std::string name;  // as grants have it
};

// One token of pkcs11: keys.
struct ServedToken {
  std::string name;  // as the configuration calls it
  std::shared_ptr<KeyStore> store;
  unsigned workers = 8;  // threads that are at it at once, at most
  std::vector<NamedKey> keys = {};
  UriScheme scheme = UriScheme::kPkcs11;  // of the store's URIs
};

// A key whose use is known: by a label of ours, or as one of its token's named keys. Others are not served. Immutable.
struct ServedKey {
  std::size_t token = 0;  // its number among the tokens
  KeyInfo info;           // as the token has it
  std::string uri;        // keysocket:...
  std::shared_ptr<const Signer> signer;
  LabelParts named;  // of a named key the generation is 1
  // The process that signed with it last, as far as is known; 0: none, or one whose number does not show here.
  std::shared_ptr<std::atomic<pid_t>> signed_by = std::make_shared<std::atomic<pid_t>>(0);
};
using ServedKeyPtr = std::shared_ptr<const ServedKey>;

// Thread-safe. What was once found is remembered until its token does not list it any more; the token is asked again
// for what is not known, and for every list.
class ServedKeys {
 public:
  // Which tokens to ask, and which keys are meant; of any other nothing is said.
  using TokenFilter = std::function<bool(const std::string& token)>;
  using KeyFilter = std::function<bool(const std::string& token, const LabelParts& key)>;
  // Told of a key that was asked for by its name, is not meant, and may not be there.
  using KeyDenial = std::function<void(const LabelParts& key)>;

  // For keys that are not known a token is asked at most once in this time, whoever asks: nobody's guesses keep it
  // busy, or keep the next one from what he asks for.
  static constexpr std::chrono::milliseconds kLookAgain{500};

  explicit ServedKeys(std::vector<ServedToken> tokens) : tokens_(std::move(tokens)), looks_(tokens_.size()) {}

  // Of those that are known; null otherwise.
  [[nodiscard]] ServedKeyPtr Known(const Fingerprint& fingerprint) const;
  // Asks the tokens that are meant, one after the other, each for its part of the time: one that hangs keeps nobody
  // from another's keys. NOT_FOUND "key_not_found", or the failure of one of them.
  Result<ServedKeyPtr> Find(const Fingerprint& fingerprint, const TokenFilter& tokens, Deadline deadline);
  // The one key that `uri` names among those that are meant; their tokens have equal parts of the time. Errors as
  // KeyStore::Open; a token that is away is one, unless another has the key. Of keys that are not meant no error tells;
  // where it is for one of them that nothing is opened, `denied` is.
  Result<ServedKeyPtr> Open(const KeyUri& uri, const TokenFilter& tokens, const KeyFilter& keys,
                            const KeyDenial& denied, Deadline deadline);
  // In the order of their fingerprints.
  Result<std::vector<ServedKeyPtr>> List(const TokenFilter& tokens, const KeyFilter& keys, Deadline deadline);
  // Of a foreign CA's key those of older generations are not remembered any more: nothing signs with them.
  Result<ServedKeyPtr> Create(const std::string& token, const KeySpec& spec, Deadline deadline);
  // The processes that signed with the keys of that name.
  [[nodiscard]] std::vector<pid_t> SignersWith(KeyUse use, std::string_view name) const;
  // The first failure of a token that is meant.
  Status Probe(const TokenFilter& tokens, Deadline deadline);

  [[nodiscard]] const std::vector<ServedToken>& tokens() const { return tokens_; }

 private:
  using ByFingerprint = std::map<Fingerprint, ServedKeyPtr>;

  // A token being asked for keys that are not known.
  struct Look {
    bool under_way = false;
    Deadline ended{};              // the last one
    std::optional<Error> failure;  // of that
  };
  // Ends a look, however it ends.
  class Looking {
   public:
    Looking(ServedKeys& keys, std::size_t token) : keys_(keys), token_(token) {}
    Looking(const Looking&) = delete;
    Looking& operator=(const Looking&) = delete;
    ~Looking() {
      const MutexLock lock(keys_.mutex_);
      Look& look = keys_.looks_[token_];
      look.under_way = false;
      // Who had no more time, or no memory, tells the next one nothing.
      if (result && (result->ok() || result->error().reason() != "deadline")) {
        look.ended = std::chrono::steady_clock::now();
        look.failure = result->ok() ? std::nullopt : std::optional(result->error());
      }
      keys_.look_ended_.NotifyAll();
    }

    std::optional<Status> result;  // none: something was thrown

   private:
    ServedKeys& keys_;
    const std::size_t token_;
  };

  Result<ServedKeyPtr> Remember(std::size_t token, std::shared_ptr<const Signer> signer, LabelParts named);
  // NOT_FOUND for a key that is not served, also when a named key's URI means several.
  Result<LabelParts> NameOf(std::size_t token, const KeyInfo& info, Deadline deadline) const;
  [[nodiscard]] ByFingerprint KnownOn(std::size_t token) const;
  // Those that are still known as the same.
  void Forget(const ByFingerprint& keys);
  Result<ServedKeyPtr> OpenOn(std::size_t token, const KeyUri& uri, Deadline deadline);
  Result<std::vector<ServedKeyPtr>> ListOn(std::size_t token, Deadline deadline);
  // Keys that this one, of a foreign CA, replaces.
  void ForgetReplaced(const ServedKey& by);
  // The tokens' numbers.
  [[nodiscard]] std::vector<std::size_t> Meant(const TokenFilter& tokens) const;
  // Lists the token, unless that was done just now, or `wanted` is known: what is not known afterwards is not there.
  // One thread at a time.
  Status LookOn(std::size_t token, const Fingerprint& wanted, Deadline deadline);

  const std::vector<ServedToken> tokens_;
  mutable Mutex mutex_;
  CondVar look_ended_;
  ByFingerprint known_ RK_GUARDED_BY(mutex_);
  std::vector<Look> looks_ RK_GUARDED_BY(mutex_);  // by token
};

}  // namespace rootkeep::keysocket
