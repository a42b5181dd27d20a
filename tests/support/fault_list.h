// Scenarios of the chaos module that end by themselves, for tests that go through all of them under load.
#pragma once

#include <array>
#include <cstddef>

namespace rootkeep::testing {

// The token fails, and works again as soon as the scenario is cleared. Each shows when keys are signed with, also to
// callers who have a session already. Not here: kCrashes, which nothing in the same process survives, and what is
// latched for an operator, which is kLatches.
inline constexpr auto kPassingFaults = std::to_array<const char*>({
    "lose-sessions C_Sign every=5",
    "lose-sessions * every=11",
    "fail C_Sign CKR_SESSION_HANDLE_INVALID every=2",
    "fail C_Sign CKR_SESSION_CLOSED every=3",
    "fail C_SignInit CKR_KEY_HANDLE_INVALID every=3",
    "fail C_SignInit CKR_USER_NOT_LOGGED_IN every=3",
    "fail C_SignInit CKR_OPERATION_ACTIVE every=2",
    "fail C_Sign CKR_DEVICE_ERROR every=4",
    "fail C_Sign CKR_DEVICE_ERROR",
    "fail C_Sign CKR_GENERAL_ERROR every=4",
    "fail C_Sign CKR_FUNCTION_FAILED every=3",
    "fail C_FindObjectsInit CKR_FUNCTION_FAILED\nlose-sessions C_Sign every=20",
    "fail * CKR_FUNCTION_FAILED",
    "fail C_SignInit 0x80000001 every=5",
    "fail * CKR_HOST_MEMORY every=5",
    "fail * CKR_CRYPTOKI_NOT_INITIALIZED every=13",
    "fail C_OpenSession CKR_SESSION_COUNT\nlose-sessions C_Sign every=20",
    "fail C_OpenSession CKR_DEVICE_REMOVED every=2\nlose-sessions C_Sign every=20",
    "fail C_OpenSession CKR_GENERAL_ERROR every=2\nfail C_Sign CKR_OPERATION_ACTIVE every=3",
    "fail C_OpenSession CKR_HOST_MEMORY every=3\nfail C_Sign CKR_OPERATION_ACTIVE every=3",
    // The token did not look at the PIN, or that is in doubt once.
    "fail C_Login CKR_TOKEN_NOT_PRESENT\nlose-sessions C_Sign every=20",
    "fail C_Login CKR_SESSION_HANDLE_INVALID every=2\nlose-sessions C_Sign every=20",
    "fail C_Login CKR_HOST_MEMORY every=2\nlose-sessions C_Sign every=20",
    "fail C_Login CKR_DEVICE_ERROR times=1\nlose-sessions C_Sign every=20",
    "session-limit 2 announced\nlose-sessions C_Sign every=20",
    "token-away",
    "token-away sessions=CKR_DEVICE_ERROR",
    "slot-offset 7\nlose-sessions C_Sign every=50",
    "hang C_Sign every=50",
    "delay C_Sign 1ms..20ms quiet\nfail C_Sign CKR_DEVICE_REMOVED every=10",
});

// The process that has the module loaded ends. Not in C_Login: a try of which nobody knows the end counts against the
// PIN.
inline constexpr auto kCrashes = std::to_array<const char*>({
    "crash C_Sign nth=20",
    "crash C_SignInit nth=20",
    "crash C_FindObjectsInit",
    "crash C_GetSessionInfo",
});

// The token refuses its PIN, or answers so that it may have: everybody is refused until an operator acts. With how many
// C_Login that costs.
struct Latch {
  const char* scenario;
  std::size_t logins;
};
inline constexpr auto kLatches = std::to_array<Latch>({
    {"refuse-pin", 1},
    {"fail C_Login CKR_PIN_LOCKED", 1},
    {"fail C_Login 0x80000001", 1},
    {"fail C_Login CKR_GENERAL_ERROR", 2},
    {"fail C_Login CKR_FUNCTION_FAILED", 2},
});

// The token answers, and the answer is wrong. `swap-key` needs the two keys that DaemonFixture makes, and calls that
// look for them again.
inline constexpr auto kLies = std::to_array<const char*>({
    "signature C_Sign flip every=2",
    "signature C_Sign short every=2",
    "signature C_Sign long every=2",
    "signature C_Sign overrun every=2",
    "signature C_Sign swap every=2",
    "signature C_Sign zero-r every=2",
    "signature C_Sign zero-s every=2",
    "signature C_Sign max every=2",
    "other-key C_SignInit every=2",
    "swap-key label:rk/rootkeep-ca/mesh/1 label:rk/rootkeep-ca/root/1\nlose-sessions C_Sign every=20",
});

}  // namespace rootkeep::testing
