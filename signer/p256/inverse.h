// Inverses modulo the order of P-256, which every ECDSA check needs one of.
#pragma once

#include <array>
#include <cstdint>

#include "keystore/base/bytes.h"

namespace rootkeep::p256 {

using Octets = std::array<std::uint8_t, 32>;

// x with scalar * x = 1 modulo the order (SEC 2 §2.4.2), both big-endian. `scalar` has at most 32 octets and is neither
// zero nor as large as the order. In time that depends on the scalar: for public values only. GMP needs a sixth of the
// time of BN_mod_inverse; whoever uses it multiplies back. Thread-safe.
Octets InverseModOrder(ByteView scalar);

}  // namespace rootkeep::p256
