// How many sessions this process has open, as the chaos module counts them.
#pragma once

#include <cstddef>
#include <vector>

namespace rootkeep::testing {

// Asks after every handle that was ever given out, so that nothing is disturbed and no scenario is needed. By one
// thread.
class OpenSessions {
 public:
  // Now, in all slots: exact while nobody else calls the module. The module is loaded and initialised.
  std::size_t Count();

 private:
  std::vector<unsigned long> open_;  // at the last count
  unsigned long last_ = 0;           // the newest handle then: the module gives them out in order, each once
};

}  // namespace rootkeep::testing
