#include <algorithm>

#include "tools/chaos/calls.h"
#include "tools/chaos/forward.h"
#include "tools/chaos/token_view.h"

namespace rootkeep::chaos {
namespace {

// The object to show instead of `found`, if the scenario swaps it.
std::optional<CK_OBJECT_HANDLE> Swapped(const TokenView& view, CK_OBJECT_HANDLE found, const SwapKey& swap) {
  for (const CK_OBJECT_CLASS half : {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY}) {
    if (swap.object_class.value_or(half) != half) continue;
    if (view.Read(found, CKA_CLASS) != AttributeOctets(half) || view.Read(found, swap.by) != swap.from) continue;
    const auto others = view.Find(half, swap.by, swap.to);
    if (!others.empty()) return others.front();
  }
  return std::nullopt;
}

CK_OBJECT_HANDLE Show(Passage& passage, const TokenView& view, CK_SLOT_ID slot, CK_OBJECT_HANDLE found) {
  for (const SwapKey& swap : passage.scenario().swaps) {
    const auto other = Swapped(view, found, swap);
    if (!other) continue;
    passage.active().disguises.Put(slot, *other, found);
    passage.Report("swap-key", swap.line, {{"object", found}, {"given", *other}});
    return *other;
  }
  return found;
}

CK_RV FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE* objects, CK_ULONG room, CK_ULONG* count) {
  return Guarded(Function::C_FindObjects, session, [&](Passage& passage) {
    CK_RV rv = CKR_OK;
    const auto lease = passage.Enter(session, rv);
    if (!lease) return rv;
    rv = passage.real().C_FindObjects(lease->real(), objects, room, count);
    if (rv != CKR_OK || *count == 0) return rv;
    std::optional<TokenView> view;
    if (!passage.scenario().swaps.empty()) view.emplace(passage.real(), lease->slot());
    std::for_each(objects, objects + *count, [&](CK_OBJECT_HANDLE& object) {
      if (view) object = Show(passage, *view, lease->slot(), object);
      object = lease->ShownObject(object);
    });
    return rv;
  });
}

// Of the two that the application takes for one key, label and id are those of the one it looked for.
CK_RV ReadDisguised(Passage& passage, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_OBJECT_HANDLE as,
                    CK_ATTRIBUTE* wanted, CK_ULONG count) {
  CK_RV first_error = CKR_OK;
  for (CK_ATTRIBUTE* attribute = wanted; attribute != wanted + count; ++attribute) {
    const bool name = attribute->type == CKA_LABEL || attribute->type == CKA_ID;
    const CK_RV rv = passage.real().C_GetAttributeValue(session, name ? as : object, attribute, 1);
    if (first_error == CKR_OK) first_error = rv;
  }
  return first_error;
}

CK_RV GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE shown, CK_ATTRIBUTE* wanted, CK_ULONG count) {
  return Guarded(Function::C_GetAttributeValue, session, [&](Passage& passage) {
    CK_RV rv = CKR_OK;
    const auto lease = passage.Enter(session, rv);
    if (!lease) return rv;
    const auto object = passage.RealObject(*lease, shown, CKR_OBJECT_HANDLE_INVALID, rv);
    if (!object) return rv;
    const auto as = passage.active().disguises.Find(lease->slot(), *object);
    if (as && wanted != nullptr) return ReadDisguised(passage, lease->real(), *object, *as, wanted, count);
    return passage.real().C_GetAttributeValue(lease->real(), *object, wanted, count);
  });
}

}  // namespace

void InstallObjectCalls(CK_FUNCTION_LIST& list) {
  list.C_FindObjects = &FindObjects;
  list.C_GetAttributeValue = &GetAttributeValue;
}

}  // namespace rootkeep::chaos
