// Upper bounds, in seconds, for how long a step of somebody's signature takes. The daemon's and the agent's times are
// laid side by side, so they have the same.
#pragma once

#include <array>

namespace rootkeep {

inline constexpr std::array kStageBuckets{0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005,
                                          0.01,    0.02,    0.05,   0.1,    0.25,   1.0,   2.5,   10.0};

}  // namespace rootkeep
