// What this process holds of the system, to be compared before and after.
#pragma once

#include <cstddef>

namespace rootkeep::testing {

struct Footprint {
  std::size_t threads = 0;
  std::size_t descriptors = 0;
  std::size_t resident_kib = 0;

  // Now; memory that was freed is given back to the system first.
  static Footprint Now();
};

}  // namespace rootkeep::testing
