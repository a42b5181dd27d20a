// For processors that are no x86-64.
#include "signer/p256/lanes/lanes.h"

namespace rootkeep::p256::lanes {

bool Available() { return false; }

std::uint8_t Holding(std::span<const Equation> /*equations*/) { return 0; }

}  // namespace rootkeep::p256::lanes
