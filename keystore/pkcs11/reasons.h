// The reason words of this backend's errors, for logs, metrics and tests.
#pragma once

#include <string_view>

namespace rootkeep::pkcs11 {

inline constexpr std::string_view kReasonModuleOpen = "module_open";    // dlopen or C_GetFunctionList failed
inline constexpr std::string_view kReasonModuleDown = "module_down";    // C_Initialize failed
inline constexpr std::string_view kReasonModuleBusy = "module_busy";    // calls inside do not return, or others need it
inline constexpr std::string_view kReasonToken = "token";               // the token failed a call
inline constexpr std::string_view kReasonTokenAbsent = "token_absent";  // no token answers to the selector
inline constexpr std::string_view kReasonTokenFull = "token_full";      // it has no room for another key
inline constexpr std::string_view kReasonTokenAmbiguous = "token_ambiguous";  // several do
inline constexpr std::string_view kReasonPinSource = "pin_source";            // the PIN cannot be read
inline constexpr std::string_view kReasonPinLatched = "pin_latched";          // a PIN was refused; not tried again
inline constexpr std::string_view kReasonKeyNotFound = "key_not_found";       // no key answers to a name
inline constexpr std::string_view kReasonKeyMissing = "key_missing";          // a key that was there is not
inline constexpr std::string_view kReasonKeyLost = "key_lost";                // a key that signed may not any more
inline constexpr std::string_view kReasonKeyChanged = "key_changed";          // another key answers to the same id
inline constexpr std::string_view kReasonKeyAmbiguous = "key_ambiguous";      // several keys answer
inline constexpr std::string_view kReasonKeyUnusable = "key_unusable";        // no id, no public half, or of no KeyType
inline constexpr std::string_view kReasonDeadline = "deadline";               // passed before the token was asked
inline constexpr std::string_view kReasonSessions = "sessions";               // the token has no session left
inline constexpr std::string_view kReasonStale = "stale";                     // the connection was replaced meanwhile

}  // namespace rootkeep::pkcs11
