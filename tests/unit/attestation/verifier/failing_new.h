// An operator new for this program that fails once when it is told to.
#pragma once

namespace rootkeep::testing {

// The allocation after so many fails. One thread at a time.
void FailAllocationAfter(int allocations);
// Whether it has come to that; none fails from now on.
bool AllocationFailed();

}  // namespace rootkeep::testing
