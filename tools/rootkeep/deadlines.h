// How long a command waits for what it asks.
#pragma once

#include <chrono>

namespace rootkeep::cli {

inline constexpr std::chrono::seconds kTokenDeadline{30};
// Making an RSA key takes some hardware minutes.
inline constexpr std::chrono::minutes kKeyGenerationDeadline{10};

}  // namespace rootkeep::cli
