// How auth values reach the TPM.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "keystore/tpm2/connection.h"

namespace rootkeep::tpm2 {

enum class SessionMode : std::uint8_t {
  kPassword,  // the auth value itself goes over the bus
  kSalted,    // an HMAC session salted to the pinned storage key, with parameter encryption: it never does
};

// "password", "salted".
std::string_view SessionModeName(SessionMode mode);
std::optional<SessionMode> SessionModeFromName(std::string_view name);

// kSalted for TPMs that are reached over a bus, where somebody could listen or answer in their place; kPassword for
// simulators, which have none. With tss2 before 4.0 a salted session costs about 6 ms a signature, because each hash
// makes a new library context of OpenSSL's: little beside what a chip takes, much beside a simulator.
SessionMode DefaultSessionMode(const std::string& tcti);

// What authorises a command: ESYS_TR_PASSWORD, or the session that is kept in the connection, made now if there is
// none. `storage_key` has been compared with its pin (StorageKey).
Result<ESYS_TR> AuthSession(Connection& connection, SessionMode mode, ESYS_TR storage_key);

}  // namespace rootkeep::tpm2
