#include "keystore/pkcs11/ckr.h"

#include <fmt/format.h>

#include <array>

#include "keystore/pkcs11/reasons.h"

namespace rootkeep::pkcs11 {
namespace {

#define RK_CKR(symbol, remedy, code) {symbol, #symbol, Remedy::remedy, Code::code}

constexpr auto kTable = std::to_array<CkrEntry>({
    RK_CKR(CKR_OK, kFail, kUnknown),
    RK_CKR(CKR_CANCEL, kFail, kCancelled),
    RK_CKR(CKR_HOST_MEMORY, kBackOff, kResourceExhausted),
    RK_CKR(CKR_SLOT_ID_INVALID, kReinitialise, kUnavailable),
    RK_CKR(CKR_GENERAL_ERROR, kProbe, kUnavailable),
    RK_CKR(CKR_FUNCTION_FAILED, kProbe, kUnavailable),
    RK_CKR(CKR_ARGUMENTS_BAD, kFail, kInternal),
    RK_CKR(CKR_NEED_TO_CREATE_THREADS, kFail, kFailedPrecondition),
    RK_CKR(CKR_CANT_LOCK, kFail, kFailedPrecondition),
    RK_CKR(CKR_ATTRIBUTE_READ_ONLY, kFail, kFailedPrecondition),
    RK_CKR(CKR_ATTRIBUTE_SENSITIVE, kFail, kFailedPrecondition),
    RK_CKR(CKR_ATTRIBUTE_TYPE_INVALID, kFail, kFailedPrecondition),
    RK_CKR(CKR_ATTRIBUTE_VALUE_INVALID, kFail, kFailedPrecondition),
    RK_CKR(CKR_ACTION_PROHIBITED, kFail, kFailedPrecondition),
    RK_CKR(CKR_DATA_INVALID, kFail, kInvalidArgument),
    RK_CKR(CKR_DATA_LEN_RANGE, kFail, kInvalidArgument),
    RK_CKR(CKR_DEVICE_ERROR, kProbe, kUnavailable),
    RK_CKR(CKR_DEVICE_MEMORY, kBackOff, kResourceExhausted),
    RK_CKR(CKR_DEVICE_REMOVED, kReinitialise, kUnavailable),
    RK_CKR(CKR_FUNCTION_CANCELED, kNewSession, kUnavailable),
    RK_CKR(CKR_FUNCTION_NOT_SUPPORTED, kFail, kUnimplemented),
    RK_CKR(CKR_KEY_HANDLE_INVALID, kReconnect, kUnavailable),
    RK_CKR(CKR_KEY_SIZE_RANGE, kFail, kUnimplemented),
    RK_CKR(CKR_KEY_TYPE_INCONSISTENT, kFail, kFailedPrecondition),
    RK_CKR(CKR_KEY_CHANGED, kReconnect, kUnavailable),
    RK_CKR(CKR_KEY_FUNCTION_NOT_PERMITTED, kFail, kFailedPrecondition),
    RK_CKR(CKR_MECHANISM_INVALID, kFail, kUnimplemented),
    RK_CKR(CKR_MECHANISM_PARAM_INVALID, kFail, kUnimplemented),
    RK_CKR(CKR_OBJECT_HANDLE_INVALID, kReconnect, kUnavailable),
    RK_CKR(CKR_OPERATION_ACTIVE, kNewSession, kUnavailable),
    RK_CKR(CKR_OPERATION_NOT_INITIALIZED, kNewSession, kUnavailable),
    RK_CKR(CKR_PIN_INCORRECT, kFail, kFailedPrecondition),
    RK_CKR(CKR_PIN_INVALID, kFail, kFailedPrecondition),
    RK_CKR(CKR_PIN_LEN_RANGE, kFail, kFailedPrecondition),
    RK_CKR(CKR_PIN_EXPIRED, kFail, kFailedPrecondition),
    RK_CKR(CKR_PIN_LOCKED, kFail, kFailedPrecondition),
    RK_CKR(CKR_SESSION_CLOSED, kReconnect, kUnavailable),
    RK_CKR(CKR_SESSION_COUNT, kBackOff, kResourceExhausted),
    RK_CKR(CKR_SESSION_HANDLE_INVALID, kReconnect, kUnavailable),
    RK_CKR(CKR_SESSION_PARALLEL_NOT_SUPPORTED, kFail, kInternal),
    RK_CKR(CKR_SESSION_READ_ONLY, kFail, kInternal),
    RK_CKR(CKR_SESSION_EXISTS, kFail, kFailedPrecondition),
    RK_CKR(CKR_SESSION_READ_ONLY_EXISTS, kFail, kFailedPrecondition),
    RK_CKR(CKR_SESSION_READ_WRITE_SO_EXISTS, kFail, kFailedPrecondition),
    RK_CKR(CKR_SIGNATURE_INVALID, kFail, kInternal),
    RK_CKR(CKR_SIGNATURE_LEN_RANGE, kFail, kInternal),
    RK_CKR(CKR_TEMPLATE_INCOMPLETE, kFail, kFailedPrecondition),
    RK_CKR(CKR_TEMPLATE_INCONSISTENT, kFail, kFailedPrecondition),
    RK_CKR(CKR_TOKEN_NOT_PRESENT, kReinitialise, kUnavailable),
    RK_CKR(CKR_TOKEN_NOT_RECOGNIZED, kReinitialise, kUnavailable),
    RK_CKR(CKR_TOKEN_WRITE_PROTECTED, kFail, kFailedPrecondition),
    RK_CKR(CKR_USER_ALREADY_LOGGED_IN, kFail, kInternal),
    RK_CKR(CKR_USER_NOT_LOGGED_IN, kReconnect, kUnavailable),
    RK_CKR(CKR_USER_PIN_NOT_INITIALIZED, kFail, kFailedPrecondition),
    RK_CKR(CKR_USER_TYPE_INVALID, kFail, kInternal),
    RK_CKR(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, kFail, kFailedPrecondition),
    RK_CKR(CKR_USER_TOO_MANY_TYPES, kFail, kFailedPrecondition),
    RK_CKR(CKR_RANDOM_NO_RNG, kFail, kFailedPrecondition),
    RK_CKR(CKR_DOMAIN_PARAMS_INVALID, kFail, kUnimplemented),
    RK_CKR(CKR_CURVE_NOT_SUPPORTED, kFail, kUnimplemented),
    RK_CKR(CKR_BUFFER_TOO_SMALL, kNewSession, kInternal),
    RK_CKR(CKR_CRYPTOKI_NOT_INITIALIZED, kReinitialise, kUnavailable),
    RK_CKR(CKR_CRYPTOKI_ALREADY_INITIALIZED, kFail, kFailedPrecondition),
    RK_CKR(CKR_PIN_TOO_WEAK, kFail, kFailedPrecondition),
    RK_CKR(CKR_FIPS_SELF_TEST_FAILED, kFail, kFailedPrecondition),
    RK_CKR(CKR_LIBRARY_LOAD_FAILED, kFail, kFailedPrecondition),
    RK_CKR(CKR_FUNCTION_REJECTED, kFail, kFailedPrecondition),
});
#undef RK_CKR

constexpr CkrEntry kUnlisted{0, "", Remedy::kProbe, Code::kUnavailable};

std::string_view HintFor(CK_RV rv) {
  switch (rv) {
    case CKR_PIN_INCORRECT: return "put the right PIN into the PIN source";
    case CKR_PIN_LOCKED: return "the security officer has to unlock the PIN";
    case CKR_USER_PIN_NOT_INITIALIZED: return "set a user PIN on the token";
    case CKR_FUNCTION_NOT_SUPPORTED:
    case CKR_MECHANISM_INVALID: return "the token does not offer this mechanism";
    case CKR_CRYPTOKI_ALREADY_INITIALIZED: return "something else in this process uses the same module";
    default: return "";
  }
}

}  // namespace

const CkrEntry& CkrFor(CK_RV rv) {
  for (const CkrEntry& entry : kTable) {
    if (entry.value == rv) return entry;
  }
  return kUnlisted;
}

std::string_view CkrName(CK_RV rv) {
  const CkrEntry& entry = CkrFor(rv);
  if (!entry.name.empty()) return entry.name;
  return rv >= CKR_VENDOR_DEFINED ? "vendor-defined" : "unknown";
}

Error CkError(std::string_view call, CK_RV rv) {
  const CkrEntry& entry = CkrFor(rv);
  return Error(entry.code, fmt::format("{} returned {}", call, CkrName(rv)))
      .WithNative({"CKR", rv, std::string(entry.name)})
      .WithHint(std::string(HintFor(rv)))
      .WithReason(entry.code == Code::kUnavailable ? kReasonToken : "");
}

Remedy RemedyFor(const Error& error) {
  if (error.reason() == kReasonKeyLost) return Remedy::kReconnect;
  if (error.native().domain == "CKR") return CkrFor(error.native().value).remedy;
  if (error.reason() == kReasonStale) return Remedy::kReconnect;
  if (error.reason() == kReasonTokenAbsent || error.reason() == kReasonModuleDown) return Remedy::kReinitialise;
  return Remedy::kFail;
}

}  // namespace rootkeep::pkcs11
