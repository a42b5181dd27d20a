// How many sessions this process has open, as the chaos module counts them.
#pragma once

#include <cstddef>

#include "tests/support/chaos.h"

namespace rootkeep::testing {

// In the first slot, by how many are left of a limit. The module is loaded and initialised; its scenario is cleared.
std::size_t OpenSessions(const Chaos& chaos);

}  // namespace rootkeep::testing
