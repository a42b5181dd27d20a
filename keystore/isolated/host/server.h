// The other side of the channels: a key store, called from another process.
#pragma once

#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "keystore/base/mutex.h"
#include "keystore/isolated/wire/channel.h"
#include "keystore/isolated/wire/messages.h"
#include "keystore/key_store.h"

namespace rootkeep::isolated {

// The keys that the other side has opened, by number. Thread-safe.
class OpenKeys {
 public:
  // With more the one that was opened first is forgotten.
  static constexpr std::size_t kMost = 4096;

  // The same key has the same number.
  std::uint32_t Add(std::shared_ptr<const Signer> signer);
  // NOT_FOUND "key_number" for a number that was never given out, or is forgotten: the key must be opened again.
  Result<std::shared_ptr<const Signer>> Find(std::uint32_t number) const;
  // Of a key that was destroyed nothing is kept: a signer may have a copy of it in the token's memory.
  void Forget(const KeyUri& key);

 private:
  mutable Mutex mutex_;
  std::map<std::uint32_t, std::shared_ptr<const Signer>> keys_ RK_GUARDED_BY(mutex_);
  std::uint32_t last_ RK_GUARDED_BY(mutex_) = 0;
};

// Answers calls on each channel with a thread of its own, until the other side closes the channel or sends what is no
// request. `store` outlives the server, whose destructor waits for that.
class Server {
 public:
  Server(KeyStore& store, std::vector<Channel> channels);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  void Serve(Channel channel);
  // Sends every reply to this request.
  Status Answer(Channel& channel, const Request& request);
  Reply Handle(const Request& request);
  Status AnswerList(Channel& channel, const Request& request);

  Result<Reply> Open(const KeyUri& uri, Deadline deadline);
  Result<Reply> Create(const KeySpec& spec, Deadline deadline);
  Result<Reply> Probe(Deadline deadline);
  Result<Reply> AskSpace(Deadline deadline);
  Result<Reply> Delete(const KeyUri& uri, Deadline deadline);
  Result<Reply> DeleteRemains(const KeyRemains& remains, Deadline deadline);
  Result<Reply> Sign(const SignCall& call, Deadline deadline);

  KeyStore& store_;
  OpenKeys keys_;
  std::vector<std::jthread> threads_;  // last: they use the rest
};

}  // namespace rootkeep::isolated
