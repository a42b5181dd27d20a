// Durable intents whose outcome is not known yet. Internal to this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "keystore/base/bytes.h"
#include "keystore/base/mutex.h"
#include "signer/ledger/ledger.h"

namespace rootkeep {

struct OpenIntent {
  std::int64_t id = 0;
  Bytes tbs;
  std::size_t retry_hash = 0;
  std::int64_t intended_at = 0;
};

// Thread-safe. Bounded by who calls Add.
class OpenIntents {
 public:
  // Takes out of `intent` what is not its name: issuer and serial stay.
  void Add(std::int64_t id, Intent& intent);
  // Takes it out; nothing when it is not open.
  std::optional<OpenIntent> Take(const std::string& issuer, const std::string& serial);
  [[nodiscard]] std::size_t size() const;

 private:
  mutable Mutex mutex_;
  std::unordered_map<std::string, OpenIntent> open_ RK_GUARDED_BY(mutex_);  // by serial and issuer
};

}  // namespace rootkeep
