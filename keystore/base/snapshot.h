// A value that is replaced whole while others read it.
#pragma once

#include <memory>
#include <utility>

#include "keystore/base/mutex.h"

namespace rootkeep {

// Thread-safe. Readers keep what they took for as long as they hold it.
template <typename T>
class Snapshot {
 public:
  explicit Snapshot(std::shared_ptr<const T> value) : value_(std::move(value)) {}

  [[nodiscard]] std::shared_ptr<const T> Get() const {
    const MutexLock lock(mutex_);
    return value_;
  }

  void Set(std::shared_ptr<const T> value) {
    const MutexLock lock(mutex_);
    value_.swap(value);
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const T> value_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep
