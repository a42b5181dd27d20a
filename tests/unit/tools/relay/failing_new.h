// An operator new for this program that fails once for a text of a known length.
#pragma once

#include <cstddef>

namespace rootkeep::testing {

// The next allocation of so many octets fails, on whatever thread.
void FailAllocationOf(std::size_t octets);
// Whether it has come to that; none fails from now on.
bool AllocationFailed();

}  // namespace rootkeep::testing
