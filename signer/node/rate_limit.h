// How often each of many may do something that costs us.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"
#include "keystore/base/result.h"

namespace rootkeep {

struct RateRule {
  std::uint32_t per_minute = 60;  // at least 1
  std::uint32_t burst = 10;       // at least 1; as many at once, after a while without any
};

// Thread-safe. Remembers at most `most` keys: beyond it those are forgotten first that have their whole burst again,
// then any, so that a flood of keys costs a little fairness, no memory and, as they are looked for once a second, no
// time.
class RateLimit {
 public:
  RateLimit(RateRule rule, std::size_t most) : rule_(rule), most_(most) {}

  // RESOURCE_EXHAUSTED with reason "rate" when `key` has been here too often; retry_after says when it may come again.
  Status Take(std::string_view key, Deadline now);

  [[nodiscard]] std::size_t size() const;

 private:
  void MakeRoom(Deadline now) RK_REQUIRES(mutex_);

  const RateRule rule_;
  const std::size_t most_;
  mutable Mutex mutex_;
  // By key: when all that was taken so far has been earned (the generic cell rate algorithm).
  std::unordered_map<std::string, Deadline> earned_at_ RK_GUARDED_BY(mutex_);
  Deadline swept_at_ RK_GUARDED_BY(mutex_);  // when those with their whole burst were looked for last
};

// What counts as one peer: the address in gRPC's text for it, without the port, and of an IPv6 address the /64, of
// which one customer has all. Any other text is a peer by itself.
std::string NetworkOf(std::string_view peer);

}  // namespace rootkeep
