// Why a boot log is not believed: one stable word a rule, as in reasons.h.
#pragma once

#include <string_view>

namespace rootkeep::attestation::reason {

// Its form.
inline constexpr std::string_view kBootLogSize = "boot_log_size";
inline constexpr std::string_view kBootLogHeader = "boot_log_header";
inline constexpr std::string_view kBootLogBanks = "boot_log_banks";
inline constexpr std::string_view kBootLogEvent = "boot_log_event";
inline constexpr std::string_view kBootLogTooLong = "boot_log_too_long";
// What its events may be.
inline constexpr std::string_view kBootLogType = "boot_log_type";
inline constexpr std::string_view kBootLogDigest = "boot_log_digest";
inline constexpr std::string_view kBootLogSeparator = "boot_log_separator";
inline constexpr std::string_view kBootLogLocality = "boot_log_locality";
inline constexpr std::string_view kBootLogVariable = "boot_log_variable";
inline constexpr std::string_view kBootLogVariableOrder = "boot_log_variable_order";
inline constexpr std::string_view kBootLogVariableTwice = "boot_log_variable_twice";
inline constexpr std::string_view kBootLogSecureBoot = "boot_log_secure_boot";
// Whether it is what was measured.
inline constexpr std::string_view kBootLogBank = "boot_log_bank";
inline constexpr std::string_view kBootLogReplay = "boot_log_replay";

}  // namespace rootkeep::attestation::reason
