#include "keystore/pkcs11/login.h"

#include <fmt/format.h>

#include "keystore/base/log.h"
#include "keystore/pkcs11/ckr.h"
#include "keystore/pkcs11/quirks.h"
#include "keystore/pkcs11/reasons.h"

namespace rootkeep::pkcs11 {
namespace {

Error Latched(const Token& token, std::string_view why) {
  return FailedPrecondition(fmt::format("log in to token \"{}\": {}", token.device.label, why))
      .WithReason(kReasonPinLatched);
}

// Everything that says that this PIN will not do.
bool IsPinRefusal(CK_RV rv) {
  return rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE || rv == CKR_PIN_EXPIRED ||
         rv == CKR_PIN_LOCKED ||
         // A vendor's own code may well be its word for a wrong PIN: not worth a second try.
         rv >= CKR_VENDOR_DEFINED;
}

// Codes by which some modules report a wrong PIN, and others a device that is away.
bool LeavesPinOpen(CK_RV rv) {
  return rv == CKR_GENERAL_ERROR || rv == CKR_FUNCTION_FAILED || rv == CKR_DEVICE_ERROR ||
         rv == CKR_FUNCTION_REJECTED || rv == CKR_FUNCTION_CANCELED || rv == CKR_DATA_INVALID;
}

// A wrong PIN was entered since the last good one (PKCS#11 2.40 §3.2). Not every token says so.
constexpr CK_FLAGS kCounting = CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED;

// Whether the token has begun to count wrong PINs since `before` was read.
bool CountsWrongPins(const Module::Use& use, const Token& before) {
  const auto after = DescribeToken(use, before.slot);
  return after.ok() && (after->flags & ~before.flags & kCounting) != 0;
}

// Puts on record what the token's answer says of the PIN; true when it is not sent any more.
bool Judge(const Module::Use& use, const Token& token, CK_RV rv) {
  PinLatch& pins = use.module().pins();
  const bool open = LeavesPinOpen(rv) && !CountsWrongPins(use, token);
  if (open && !use.module().quirks().refuses_pins_plainly) return pins.Doubtful(token.device, CkrName(rv));
  if (open || (!LeavesPinOpen(rv) && !IsPinRefusal(rv))) {
    pins.NotJudged(token.device);
    return false;
  }
  pins.Refused(token.device, CkrName(rv));
  return true;
}

// A login before this one has no known end, and the token says how it must have ended. Without that the PIN is sent
// once more: most processes that end during a login had the right one.
void JudgeLate(const Token& token, PinLatch& pins) {
  if ((token.flags & kCounting) == 0) return;
  const auto known = pins.Find(token.device);
  if (!known.ok() || !*known || (*known)->latched()) return;
  pins.Refused(token.device, "no answer, but the token has counted a wrong PIN");
}

Status CheckFlags(const Token& token) {
  if ((token.flags & CKF_USER_PIN_LOCKED) != 0) {
    return Latched(token, "the token's user PIN is locked").WithHint("the security officer has to unlock it");
  }
  if ((token.flags & CKF_USER_PIN_FINAL_TRY) != 0) {
    return Latched(token, "one more wrong PIN would lock the token, so none is sent")
        .WithHint("log in once with the vendor's tool to reset the counter");
  }
  return Ok();
}

}  // namespace

Status Login(const Module::Use& use, CK_SESSION_HANDLE session, const Token& token, const PinSource& source,
             Deadline deadline) {
  const Turn::Holder turn(use.module().login_turn(), deadline);
  if (!turn) return Unavailable("wait for another login").WithReason(kReasonDeadline);
  RK_RETURN_IF_ERROR(CheckFlags(token));
  RK_TRY(const SecretBytes pin, source.Read());
  // Before the PIN is on record as being tried.
  RK_TRY(auto sessions, use.module().LockSessions(deadline));
  JudgeLate(token, use.module().pins());
  RK_RETURN_IF_ERROR(use.module().pins().Begin(token.device));
  // C_Login takes a pointer to non-const and does not write to it.
  auto* octets = const_cast<CK_UTF8CHAR*>(pin.RevealForUse().data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  const CK_RV rv = use->C_Login(session, CKU_USER, octets, pin.size());
  sessions = {};
  if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN) {
    use.module().pins().Accepted(token.device);
    return Ok();
  }
  Error error = CkError("C_Login", rv).Within(fmt::format("log in to token \"{}\"", token.device.label));
  if (!Judge(use, token, rv)) return error;
  log::Failure("pkcs11.pin_refused",
               {{"token", token.device.label}, {"serial", token.device.serial}, {"code", CkrName(rv)}});
  // Who has to unlock it, the code itself says.
  if (rv != CKR_PIN_LOCKED) error = std::move(error).WithHint(use.module().pins().WayOut(!LeavesPinOpen(rv)));
  return std::move(error).WithReason(kReasonPinLatched);
}

}  // namespace rootkeep::pkcs11
