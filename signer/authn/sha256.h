// SHA-256 as a cache key.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep {

using Sha256Digest = std::array<std::uint8_t, 32>;

// The digest of `data`. Thread-safe. INTERNAL when OpenSSL fails.
Result<Sha256Digest> Sha256(ByteView data);

// The digest's own leading bits: uniform, and nobody can aim at a bucket without aiming at the whole digest.
struct Sha256Hash {
  std::size_t operator()(const Sha256Digest& digest) const {
    std::size_t bits = 0;
    std::memcpy(&bits, digest.data() + 1, sizeof bits);
    return bits;
  }
};

}  // namespace rootkeep
