// Random octets from OpenSSL's generator.
#pragma once

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep {

// Fills `out` from RAND_bytes. Thread-safe. INTERNAL when the generator cannot be seeded.
Status FillRandom(std::span<std::uint8_t> out);

// `size` fresh random octets; errors as FillRandom.
Result<Bytes> RandomBytes(std::size_t size);

}  // namespace rootkeep
