// Ed25519 points whose multiples are few: anyone can sign for them.
#pragma once

#include "keystore/base/bytes.h"

namespace rootkeep::csr {

// Whether the 32 octets encode one of the eight points of small order, canonically or not (RFC 8032 §5.1.3).
bool IsSmallOrder(ByteView point);

}  // namespace rootkeep::csr
