// Places for open connections, in all and for each of many.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "keystore/base/mutex.h"

namespace rootkeep {

// Thread-safe.
template <typename Key>
class ConnectionPlaces {
 public:
  struct Limits {
    std::size_t all;
    std::size_t each;
  };

  explicit ConnectionPlaces(Limits limits) : counts_(std::make_shared<Counts>(limits)) {}

  // A place, given back when it goes; it may outlive this. Null when all are taken, or all of this key's.
  std::shared_ptr<void> Take(const Key& key) {
    auto place = std::make_shared<Place>(counts_, key);
    const MutexLock lock(counts_->mutex);
    const auto found = counts_->held.try_emplace(key, 0).first;
    if (counts_->taken >= counts_->limits.all || found->second >= counts_->limits.each) {
      if (found->second == 0) counts_->held.erase(found);
      return nullptr;
    }
    ++found->second;
    ++counts_->taken;
    place->holds = true;
    return place;
  }

 private:
  struct Counts {
    explicit Counts(Limits most) : limits(most) {}

    const Limits limits;
    Mutex mutex;
    std::size_t taken RK_GUARDED_BY(mutex) = 0;
    std::map<Key, std::size_t> held RK_GUARDED_BY(mutex);  // none is zero
  };
  struct Place {
    Place(std::shared_ptr<Counts> of, Key whose) : counts(std::move(of)), key(std::move(whose)) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      if (!holds) return;
      const MutexLock lock(counts->mutex);
      --counts->taken;
      const auto found = counts->held.find(key);
      if (--found->second == 0) counts->held.erase(found);
    }

    const std::shared_ptr<Counts> counts;
    const Key key;
    bool holds = false;
  };

  const std::shared_ptr<Counts> counts_;
};

}  // namespace rootkeep
