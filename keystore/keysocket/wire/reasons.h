// Reasons of the agent's that a client acts on.
#pragma once

#include <string_view>

namespace rootkeep::keysocket {

// RESOURCE_EXHAUSTED: others' keys are being made, as many as may be at once. Nothing was begun.
inline constexpr std::string_view kReasonCreations = "creations";

}  // namespace rootkeep::keysocket
