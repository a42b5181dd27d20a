// Return values of PKCS#11 calls: their names, what to do about each, and how they become errors.
#pragma once

#include <p11-kit/pkcs11.h>

#include <cstdint>
#include <string_view>

#include "keystore/base/error.h"

namespace rootkeep::pkcs11 {

// What brings a token back after a call failed. Each includes the ones above it down to kNewSession.
enum class Remedy : std::uint8_t {
  kFail,          // nothing: the same call fails again until somebody changes something
  kBackOff,       // nothing now: the token is out of sessions or memory
  kNewSession,    // this session is in a state of its own; another one works
  kReconnect,     // sessions, login or object handles are gone
  kProbe,         // ambiguous: ask whether the token still answers, then reconnect or reinitialise
  kReinitialise,  // the token or the module's state is gone: C_Finalize, C_Initialize, reconnect
};

// One row of the table in ckr.cc.
struct CkrEntry {
  CK_RV value;
  std::string_view name;  // for example "CKR_PIN_INCORRECT"
  Remedy remedy;
  Code code;  // as which the failure is reported
};

// The row for `rv`; for a value that has none, a row with an empty name and Remedy::kProbe.
const CkrEntry& CkrFor(CK_RV rv);

// The symbol, or "vendor-defined" or "unknown".
std::string_view CkrName(CK_RV rv);

// `call` (for example "C_Login") returned `rv`, which is not CKR_OK.
Error CkError(std::string_view call, CK_RV rv);

// The remedy for an error made by CkError or by this folder's own checks; kFail for every other error.
Remedy RemedyFor(const Error& error);

}  // namespace rootkeep::pkcs11
