// Response codes of the TPM and of the layers above it: what to do about each, and how they become errors.
#pragma once

#include <tss2/tss2_common.h>

#include <cstdint>
#include <string_view>

#include "keystore/base/error.h"

namespace rootkeep::tpm2 {

// What a response code says about the next try (TPM 2.0 Part 2 §6.6, with the layers of tss2_common.h).
enum class RcClass : std::uint8_t {
  kOther,    // nothing: the same call fails again until somebody changes something
  kRetry,    // the TPM wants the same command again: TPM_RC_RETRY, TPM_RC_YIELDED, TPM_RC_TESTING, TPM_RC_NV_RATE
  kMemory,   // every place for an object or a session is taken at present
  kAuth,     // an auth value was refused: it must not be sent again
  kLockout,  // TPM_RC_LOCKOUT: no auth value of a protected object is looked at; must never be looped on
  kGone,     // a handle of ours names nothing any more: the TPM was reset
  kDown,     // the TPM cannot be reached, has failed, or waits for TPM2_Startup
};

RcClass ClassOf(TSS2_RC rc);
// Of an error that FromRc made; kOther for every other.
RcClass ClassOf(const Error& error);

// `call` (for example "Esys_Load") returned `rc`, which is not TSS2_RC_SUCCESS. The native domain is "TSS2", its name
// what libtss2-rc says. Codes: kRetry, kGone and kDown UNAVAILABLE; kMemory RESOURCE_EXHAUSTED; kAuth and kLockout
// FAILED_PRECONDITION; kOther UNIMPLEMENTED for what the TPM does not have, DATA_LOSS for what it finds tampered with
// (TPM_RC_INTEGRITY), INTERNAL for what this program got wrong, otherwise UNAVAILABLE. Reasons: reasons.h.
Error FromRc(std::string_view call, TSS2_RC rc);

}  // namespace rootkeep::tpm2

// RK_TSS("Esys_Load", Esys_Load(...)); returns FromRc's error from the enclosing function when the call fails.
#define RK_TSS(call, expression)                                                                                      \
  do {                                                                                                                \
    if (const TSS2_RC rk_rc = (expression); rk_rc != TSS2_RC_SUCCESS) return ::rootkeep::tpm2::FromRc((call), rk_rc); \
  } while (false)
