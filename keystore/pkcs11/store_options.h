// Limits of one token's store.
#pragma once

#include <chrono>
#include <cstddef>

namespace rootkeep::pkcs11 {

struct StoreOptions {
  // Worker sessions opened at connection, and the most that are open at once; lowered to what the token allows.
  unsigned warm_sessions = 1;
  unsigned max_sessions = 16;
  // How many callers may wait for the token before the next is refused.
  std::size_t max_waiting = 256;
  // While the token is away, one call in this time looks for it, at first after the shorter one. So with a key that the
  // token keeps failing to sign with.
  std::chrono::milliseconds shortest_pause{25};
  std::chrono::milliseconds longest_pause{250};
};

}  // namespace rootkeep::pkcs11
