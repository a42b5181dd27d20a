// The reason words of this backend's errors, for logs, metrics and tests.
#pragma once

#include <string_view>

namespace rootkeep::tpm2 {

inline constexpr std::string_view kReasonTpm = "tpm";                     // the TPM failed a command
inline constexpr std::string_view kReasonTpmDown = "tpm_down";            // it cannot be reached, or was not started
inline constexpr std::string_view kReasonTpmReset = "tpm_reset";          // objects and sessions in it are gone
inline constexpr std::string_view kReasonTpmBusy = "tpm_busy";            // it went on asking for another try
inline constexpr std::string_view kReasonTpmMemory = "tpm_memory";        // others have all its places for objects
inline constexpr std::string_view kReasonLockout = "tpm_lockout";         // too many wrong auth values, whosever
inline constexpr std::string_view kReasonAuth = "auth";                   // it refused an auth value
inline constexpr std::string_view kReasonAuthLatched = "auth_latched";    // that one was refused; not sent again
inline constexpr std::string_view kReasonAuthFile = "auth_file";          // the auth value cannot be read
inline constexpr std::string_view kReasonSrkChanged = "srk_changed";      // the storage key is not the pinned one
inline constexpr std::string_view kReasonKeyNotFound = "key_not_found";   // no key answers to a name
inline constexpr std::string_view kReasonKeyMissing = "key_missing";      // a key that was there is not
inline constexpr std::string_view kReasonKeyChanged = "key_changed";      // another key has taken its place
inline constexpr std::string_view kReasonKeyAmbiguous = "key_ambiguous";  // several keys answer
inline constexpr std::string_view kReasonKeyUnusable = "key_unusable";    // not of a KeyType, or not of this TPM
inline constexpr std::string_view kReasonTokenFull = "token_full";        // the disk has no room for another key file
inline constexpr std::string_view kReasonDeadline = "deadline";           // passed before the TPM was asked

}  // namespace rootkeep::tpm2
