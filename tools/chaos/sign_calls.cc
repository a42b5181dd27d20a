#include "tools/chaos/calls.h"
#include "tools/chaos/forward.h"
#include "tools/chaos/return_codes.h"
#include "tools/chaos/token_view.h"
#include "tools/chaos/wrong_signature.h"

namespace rootkeep::chaos {
namespace {

// The key that signs instead of `key`, if a rule says so and the token has one.
CK_OBJECT_HANDLE KeyFor(Passage& passage, CK_SLOT_ID slot, CK_OBJECT_HANDLE key) {
  const Rule* const rule = passage.Fires<OtherKey>();
  if (rule == nullptr) return key;
  const TokenView view(passage.real(), slot);
  const auto other = OtherKeyLike(view, key, std::get<OtherKey>(rule->fault).label);
  passage.Report(other ? "other-key" : "no-other-key", *rule, {{"key", key}, {"given", other.value_or(key)}});
  return other.value_or(key);
}

CK_RV SignInit(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE shown) {
  return Guarded(Function::C_SignInit, session, [&](Passage& passage) {
    CK_RV rv = CKR_OK;
    const auto lease = passage.Enter(session, rv);
    if (!lease) return rv;
    const auto key = passage.RealObject(*lease, shown, CKR_KEY_HANDLE_INVALID, rv);
    if (!key) return rv;
    return passage.real().C_SignInit(lease->real(), mechanism, KeyFor(passage, lease->slot(), *key));
  });
}

// After a call that gave a signature into a buffer of `room` octets.
CK_RV Spoil(Passage& passage, CK_BYTE* signature, CK_ULONG* size, CK_ULONG room) {
  const Rule* const rule = passage.Fires<WrongSignature>();
  if (rule == nullptr) return CKR_OK;
  const auto kind = std::get<WrongSignature>(rule->fault).kind;
  const Distorted distorted = Distort(kind, signature, *size, room);
  *size = distorted.size;
  passage.Report("signature", *rule,
                 {{"kind", KindName(kind)}, {"size", distorted.size}, {"rv", CodeText(distorted.rv)}});
  return distorted.rv;
}

CK_RV Sign(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_size, CK_BYTE* signature, CK_ULONG* size) {
  return Guarded(Function::C_Sign, session, [&](Passage& passage) {
    const CK_ULONG room = size == nullptr ? 0 : *size;
    const CK_RV rv = Forward<Function::C_Sign>(passage, session, data, data_size, signature, size);
    return rv == CKR_OK && signature != nullptr ? Spoil(passage, signature, size, room) : rv;
  });
}

CK_RV SignFinal(CK_SESSION_HANDLE session, CK_BYTE* signature, CK_ULONG* size) {
  return Guarded(Function::C_SignFinal, session, [&](Passage& passage) {
    const CK_ULONG room = size == nullptr ? 0 : *size;
    const CK_RV rv = Forward<Function::C_SignFinal>(passage, session, signature, size);
    return rv == CKR_OK && signature != nullptr ? Spoil(passage, signature, size, room) : rv;
  });
}

}  // namespace

void InstallSignCalls(CK_FUNCTION_LIST& list) {
  list.C_SignInit = &SignInit;
  list.C_Sign = &Sign;
  list.C_SignFinal = &SignFinal;
}

}  // namespace rootkeep::chaos
