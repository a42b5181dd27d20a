// A bound on what waits for one key, in all and for each caller.
#pragma once

#include <memory>
#include <string>

#include "keystore/base/result.h"

namespace rootkeep {

// Thread-safe.
class Places {
 public:
  // `most` in all; `most_each` for one caller, so that no single one keeps all others out.
  Places(unsigned most, unsigned most_each);

  // Held until the last copy is gone, which may be after this object. RESOURCE_EXHAUSTED with reason "signing_queue"
  // when all are taken, "caller_queue" when this caller has its share.
  Result<std::shared_ptr<void>> Take(const std::string& caller);

 private:
  struct Count;
  std::shared_ptr<Count> count_;
};

}  // namespace rootkeep
