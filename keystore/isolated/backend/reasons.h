// The reason words by which this side says what became of the token host.
#pragma once

#include <string_view>

#include "keystore/base/error.h"

namespace rootkeep::isolated {

inline constexpr std::string_view kReasonHostLost = "token_host_lost";        // it ended; the call's fate is unknown
inline constexpr std::string_view kReasonHostHung = "token_host_hung";        // it did not answer, and was ended
inline constexpr std::string_view kReasonHostDown = "token_host_down";        // being started again
inline constexpr std::string_view kReasonHostProgram = "token_host_program";  // it cannot be run

inline Error HostLost() { return Unavailable("the token host has ended").WithReason(kReasonHostLost); }

}  // namespace rootkeep::isolated
