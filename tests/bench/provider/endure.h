// What a way to a key leaves behind in the process, after many signatures and many loads.
#pragma once

#include <cstddef>

#include "tests/bench/provider/ways.h"

namespace rootkeep::bench {

// More than before; negative when less.
struct LeftBehind {
  std::ptrdiff_t descriptors = 0;
  std::ptrdiff_t threads = 0;
  std::ptrdiff_t octets = 0;  // allocated and not freed, as the allocator (a sanitizer's too) counts them
};

// One thread. Each signature is an operation of its own, from EVP_DigestSignInit to the end, every tenth of a message
// that is hashed in pieces; each load is of a key that signs once. A tenth of it is done before anything is counted,
// because OpenSSL fills caches of its own.
Result<LeftBehind> Endure(const OpenedWay& way, std::size_t signatures, std::size_t loads);

}  // namespace rootkeep::bench
