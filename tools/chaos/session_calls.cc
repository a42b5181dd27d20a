#include "tools/chaos/calls.h"
#include "tools/chaos/forward.h"
#include "tools/chaos/return_codes.h"

namespace rootkeep::chaos {
namespace {

CK_RV OpenSession(CK_SLOT_ID shown, CK_FLAGS flags, void* application, CK_NOTIFY notify, CK_SESSION_HANDLE* session) {
  return Guarded(Function::C_OpenSession, 0, [&](Passage& passage) {
    CK_RV rv = CKR_OK;
    const auto slot = passage.RealSlot(shown, /*present=*/true, rv);
    if (!slot) return rv;
    Sessions& sessions = passage.chaos().sessions();
    const auto& limit = passage.scenario().session_limit;
    if (!sessions.Reserve(*slot, limit ? std::optional(limit->count) : std::nullopt)) {
      passage.Report("session-limit", limit->line, {{"slot", shown}, {"rv", CodeText(CKR_SESSION_COUNT)}});
      return CKR_SESSION_COUNT;
    }
    rv = passage.real().C_OpenSession(*slot, flags, application, notify, session);
    if (rv == CKR_OK) {
      *session = sessions.Settle(*slot, *session);
    } else {
      sessions.Cancel(*slot);
      passage.NoteSlot(shown, rv);
    }
    return rv;
  });
}

CK_RV CloseSession(CK_SESSION_HANDLE session) {
  return Guarded(Function::C_CloseSession, session, [&](Passage& passage) {
    Sessions& sessions = passage.chaos().sessions();
    CK_RV rv = CKR_OK;
    const bool dead = sessions.SlotOfDead(session).has_value();
    {
      const auto lease = passage.Enter(session, rv);
      if (lease) rv = passage.real().C_CloseSession(lease->real());
    }
    // One that died is gone for the application, whatever it is told.
    if (rv == CKR_OK || dead) sessions.Forget(session);
    return rv;
  });
}

CK_RV CloseAllSessions(CK_SLOT_ID shown) {
  return Guarded(Function::C_CloseAllSessions, 0, [&](Passage& passage) {
    CK_RV rv = CKR_OK;
    const auto slot = passage.RealSlot(shown, /*present=*/true, rv);
    if (!slot) return rv;
    rv = passage.real().C_CloseAllSessions(*slot);
    if (rv == CKR_OK) passage.chaos().sessions().ForgetSlot(*slot);
    return rv;
  });
}

CK_RV GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO* info) {
  return Guarded(Function::C_GetSessionInfo, session, [&](Passage& passage) {
    const CK_RV rv = Forward<Function::C_GetSessionInfo>(passage, session, info);
    if (rv == CKR_OK) info->slotID = passage.scenario().slots.Shown(info->slotID).value_or(info->slotID);
    return rv;
  });
}

// Never asks the token: it would count the attempts, too.
CK_RV Refuse(Passage& passage, const RefusePin& refuse) {
  std::atomic<unsigned>& refused = passage.chaos().refused_pins();
  unsigned attempt = refused.load();
  while (!refuse.attempts || attempt < *refuse.attempts) {
    if (refused.compare_exchange_weak(attempt, attempt + 1)) {
      passage.Report("refuse-pin", refuse.line, {{"attempt", attempt + 1}, {"rv", CodeText(CKR_PIN_INCORRECT)}});
      return CKR_PIN_INCORRECT;
    }
  }
  passage.Report("refuse-pin", refuse.line, {{"attempt", attempt + 1}, {"rv", CodeText(CKR_PIN_LOCKED)}});
  return CKR_PIN_LOCKED;
}

CK_RV Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR* pin, CK_ULONG size) {
  return Guarded(Function::C_Login, session, [&](Passage& passage) {
    const auto& refuse = passage.scenario().refuse_pin;
    if (!refuse) return Forward<Function::C_Login>(passage, session, user, pin, size);
    CK_RV rv = CKR_OK;
    const auto lease = passage.Enter(session, rv);
    return lease ? Refuse(passage, *refuse) : rv;
  });
}

}  // namespace

void InstallSessionCalls(CK_FUNCTION_LIST& list) {
  list.C_OpenSession = &OpenSession;
  list.C_CloseSession = &CloseSession;
  list.C_CloseAllSessions = &CloseAllSessions;
  list.C_GetSessionInfo = &GetSessionInfo;
  list.C_Login = &Login;
}

}  // namespace rootkeep::chaos
