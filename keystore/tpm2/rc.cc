#include "keystore/tpm2/rc.h"

#include <fmt/format.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tpm2_types.h>

#include <string>

#include "keystore/tpm2/reasons.h"

namespace rootkeep::tpm2 {
namespace {

constexpr std::string_view kDomain = "TSS2";
constexpr TSS2_RC kLayerMask = 0x00FF'0000;
constexpr TSS2_RC kFormatOne = TPM2_RC_FMT1;
// Part 2 §6.6.2: of a format-one code, without the handle, session or parameter that it is about.
constexpr TSS2_RC kFormatOneMask = 0xBF;

bool IsOfTpm(TSS2_RC rc) {
  const TSS2_RC layer = rc & kLayerMask;
  return layer == TSS2_TPM_RC_LAYER || layer == TSS2_RESMGR_RC_LAYER || layer == TSS2_RESMGR_TPM_RC_LAYER;
}

// The TPM's code without the layer and without the number of what it is about.
TSS2_RC BaseOf(TSS2_RC rc) {
  const TSS2_RC code = rc & ~kLayerMask;
  return (code & kFormatOne) != 0 ? code & kFormatOneMask : code;
}

bool IsAboutAParameter(TSS2_RC rc) { return (rc & kFormatOne) != 0 && (rc & TPM2_RC_P) != 0; }

RcClass ClassOfTpmCode(TSS2_RC rc) {
  switch (BaseOf(rc)) {
    case TPM2_RC_RETRY:
    case TPM2_RC_YIELDED:
    case TPM2_RC_TESTING:
    case TPM2_RC_NV_RATE: return RcClass::kRetry;
    case TPM2_RC_OBJECT_MEMORY:
    case TPM2_RC_SESSION_MEMORY:
    case TPM2_RC_MEMORY:
    case TPM2_RC_OBJECT_HANDLES:
    case TPM2_RC_SESSION_HANDLES: return RcClass::kMemory;
    case TPM2_RC_AUTH_FAIL:
    case TPM2_RC_BAD_AUTH: return RcClass::kAuth;
    case TPM2_RC_LOCKOUT: return RcClass::kLockout;
    case TPM2_RC_REFERENCE_H0:
    case TPM2_RC_REFERENCE_H1:
    case TPM2_RC_REFERENCE_H2:
    case TPM2_RC_REFERENCE_S0:
    case TPM2_RC_REFERENCE_S1:
    case TPM2_RC_REFERENCE_S2: return RcClass::kGone;
    case TPM2_RC_HANDLE: return IsAboutAParameter(rc) ? RcClass::kOther : RcClass::kGone;
    case TPM2_RC_INITIALIZE:
    case TPM2_RC_FAILURE: return RcClass::kDown;
    default: return RcClass::kOther;
  }
}

Code CodeOfOther(TSS2_RC rc) {
  if (!IsOfTpm(rc)) return Code::kInternal;
  switch (BaseOf(rc)) {
    case TPM2_RC_CURVE:
    case TPM2_RC_SCHEME:
    case TPM2_RC_HASH:
    case TPM2_RC_ASYMMETRIC:
    case TPM2_RC_KEY_SIZE:
    case TPM2_RC_COMMAND_CODE: return Code::kUnimplemented;
    case TPM2_RC_INTEGRITY: return Code::kDataLoss;
    case TPM2_RC_VALUE: return IsAboutAParameter(rc) ? Code::kUnimplemented : Code::kInternal;
    default: return Code::kUnavailable;
  }
}

Code CodeOf(RcClass rc_class, TSS2_RC rc) {
  switch (rc_class) {
    case RcClass::kRetry:
    case RcClass::kGone:
    case RcClass::kDown: return Code::kUnavailable;
    case RcClass::kMemory: return Code::kResourceExhausted;
    case RcClass::kAuth:
    case RcClass::kLockout: return Code::kFailedPrecondition;
    case RcClass::kOther: break;
  }
  return CodeOfOther(rc);
}

std::string_view ReasonOf(RcClass rc_class) {
  switch (rc_class) {
    case RcClass::kRetry: return kReasonTpmBusy;
    case RcClass::kMemory: return kReasonTpmMemory;
    case RcClass::kAuth: return kReasonAuth;
    case RcClass::kLockout: return kReasonLockout;
    case RcClass::kGone: return kReasonTpmReset;
    case RcClass::kDown: return kReasonTpmDown;
    case RcClass::kOther: break;
  }
  return kReasonTpm;
}

std::string_view HintOf(RcClass rc_class, TSS2_RC rc) {
  switch (rc_class) {
    case RcClass::kMemory: return "other programs leave objects in the TPM; reach it through a resource manager";
    case RcClass::kLockout: return "wait for the TPM's recovery time, or tpm2_dictionarylockout --clear-lockout";
    case RcClass::kDown:
      return BaseOf(rc) == TPM2_RC_INITIALIZE ? "nothing has sent it TPM2_Startup since its last reset" : "";
    default: return "";
  }
}

}  // namespace

RcClass ClassOf(TSS2_RC rc) {
  if (IsOfTpm(rc)) return ClassOfTpmCode(rc);
  if ((rc & kLayerMask) == TSS2_TCTI_RC_LAYER) return RcClass::kDown;
  // A TCTI's failure comes through the layers above with their number.
  switch (rc & ~kLayerMask) {
    case TSS2_BASE_RC_IO_ERROR:
    case TSS2_BASE_RC_NO_CONNECTION: return RcClass::kDown;
    default: return RcClass::kOther;
  }
}

RcClass ClassOf(const Error& error) {
  if (error.native().domain != kDomain) return RcClass::kOther;
  return ClassOf(static_cast<TSS2_RC>(error.native().value));
}

Error FromRc(std::string_view call, TSS2_RC rc) {
  const RcClass rc_class = ClassOf(rc);
  const std::string text = Tss2_RC_Decode(rc);
  return Error(CodeOf(rc_class, rc), fmt::format("{} failed", call))
      .WithNative({kDomain, rc, text})
      .WithReason(ReasonOf(rc_class))
      .WithHint(std::string(HintOf(rc_class, rc)));
}

}  // namespace rootkeep::tpm2
