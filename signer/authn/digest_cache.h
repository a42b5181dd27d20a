// A bounded, sharded cache of immutable values under SHA-256 digests; the least recently used goes first.
#pragma once

#include <algorithm>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "keystore/base/mutex.h"
#include "signer/authn/sha256.h"

namespace rootkeep {

// Thread-safe. Never holds more than `capacity` values; a capacity of 0 turns it off.
template <typename Value>
class DigestCache {
 public:
  explicit DigestCache(std::size_t capacity) : shards_(std::clamp<std::size_t>(capacity, 1, kMaxShards)) {
    for (Shard& shard : shards_) shard.capacity = capacity / shards_.size();
  }

  // The value under `digest`, now the most recently used; null when there is none.
  std::shared_ptr<const Value> Find(const Sha256Digest& digest) {
    Shard& shard = ShardOf(digest);
    const MutexLock lock(shard.mutex);
    const auto found = shard.index.find(digest);
    if (found == shard.index.end()) return nullptr;
    shard.order.splice(shard.order.begin(), shard.order, found->second);
    return found->second->value;
  }

  // Puts or replaces the value under `digest`.
  void Insert(const Sha256Digest& digest, std::shared_ptr<const Value> value) {
    Shard& shard = ShardOf(digest);
    const MutexLock lock(shard.mutex);
    if (shard.capacity == 0) return;
    if (const auto found = shard.index.find(digest); found != shard.index.end()) {
      found->second->value = std::move(value);
      return;
    }
    if (shard.order.size() >= shard.capacity) {
      shard.index.erase(shard.order.back().digest);
      shard.order.pop_back();
    }
    shard.order.push_front({digest, std::move(value)});
    shard.index.emplace(digest, shard.order.begin());
  }

  void Erase(const Sha256Digest& digest) {
    Shard& shard = ShardOf(digest);
    const MutexLock lock(shard.mutex);
    const auto found = shard.index.find(digest);
    if (found == shard.index.end()) return;
    shard.order.erase(found->second);
    shard.index.erase(found);
  }

  // How many values are held, over all shards.
  std::size_t size() const {
    std::size_t total = 0;
    for (const Shard& shard : shards_) {
      const MutexLock lock(shard.mutex);
      total += shard.order.size();
    }
    return total;
  }

 private:
  static constexpr std::size_t kMaxShards = 16;

  struct Entry {
    Sha256Digest digest;
    std::shared_ptr<const Value> value;
  };
  struct Shard {
    mutable Mutex mutex;
    std::size_t capacity RK_GUARDED_BY(mutex) = 0;
    std::list<Entry> order RK_GUARDED_BY(mutex);
    std::unordered_map<Sha256Digest, typename std::list<Entry>::iterator, Sha256Hash> index RK_GUARDED_BY(mutex);
  };

  Shard& ShardOf(const Sha256Digest& digest) { return shards_[digest[0] % shards_.size()]; }

  std::vector<Shard> shards_;
};

}  // namespace rootkeep
