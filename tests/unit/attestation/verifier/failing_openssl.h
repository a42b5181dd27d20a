// OpenSSL's allocations of this program, of which one fails when it is told to.
#pragma once

namespace rootkeep::testing {

// The allocation after so many fails. One thread at a time.
void FailOpenSslAllocationAfter(int allocations);
// Whether it has come to that; none fails from now on.
bool OpenSslAllocationFailed();

}  // namespace rootkeep::testing
