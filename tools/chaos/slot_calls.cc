#include <algorithm>
#include <utility>
#include <vector>

#include "tools/chaos/calls.h"
#include "tools/chaos/forward.h"

namespace rootkeep::chaos {
namespace {

// Slot lists may grow between the two calls that read one.
constexpr int kAttempts = 10;

CK_RV RealSlots(const CK_FUNCTION_LIST& real, CK_BBOOL present, std::vector<CK_SLOT_ID>& slots) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    CK_ULONG count = 0;
    CK_RV rv = real.C_GetSlotList(present, nullptr, &count);
    if (rv != CKR_OK) return rv;
    slots.resize(count + 1);  // a list of none is given with an address, too
    count = slots.size();
    rv = real.C_GetSlotList(present, slots.data(), &count);
    if (rv == CKR_BUFFER_TOO_SMALL) continue;
    slots.resize(rv == CKR_OK ? count : 0);
    return rv;
  }
  return CKR_FUNCTION_FAILED;
}

// What the application is to see of the real list.
std::vector<CK_SLOT_ID> ShownSlots(Passage& passage, bool present, const std::vector<CK_SLOT_ID>& real) {
  std::vector<CK_SLOT_ID> shown;
  for (const CK_SLOT_ID slot : real) {
    const auto number = passage.scenario().slots.Shown(slot);
    if (!number) continue;
    const TokenAway* const away = passage.scenario().AwayFrom(slot);
    if (away != nullptr && present) {
      passage.Report("token-away", away->line, {{"slot", *number}});
    } else {
      shown.push_back(*number);
    }
  }
  return shown;
}

CK_RV GetSlotList(CK_BBOOL present, CK_SLOT_ID* list, CK_ULONG* count) {
  return Guarded(Function::C_GetSlotList, 0, [&](Passage& passage) -> CK_RV {
    if (count == nullptr) return passage.real().C_GetSlotList(present, list, count);
    std::vector<CK_SLOT_ID> real;
    const CK_RV rv = RealSlots(passage.real(), present, real);
    if (rv != CKR_OK) return rv;
    const auto shown = ShownSlots(passage, present != CK_FALSE, real);
    const CK_ULONG room = std::exchange(*count, shown.size());
    if (list == nullptr) return CKR_OK;
    if (room < shown.size()) return CKR_BUFFER_TOO_SMALL;
    std::copy(shown.begin(), shown.end(), list);
    return CKR_OK;
  });
}

CK_RV GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO* info) {
  return Guarded(Function::C_GetSlotInfo, 0, [&](Passage& passage) {
    const CK_RV rv = Forward<Function::C_GetSlotInfo>(passage, slot, info);
    const auto real = passage.scenario().slots.Real(slot);
    const TokenAway* const away = real ? passage.scenario().AwayFrom(*real) : nullptr;
    if (rv != CKR_OK || away == nullptr) return rv;
    info->flags &= ~CKF_TOKEN_PRESENT;
    passage.Report("token-away", away->line, {{"slot", slot}});
    return rv;
  });
}

void ShowRefusedPins(const RefusePin& refuse, unsigned refused, CK_TOKEN_INFO& info) {
  if (refused == 0) return;
  info.flags |= CKF_USER_PIN_COUNT_LOW;
  if (!refuse.attempts) return;
  if (refused + 1 == *refuse.attempts) info.flags |= CKF_USER_PIN_FINAL_TRY;
  if (refused >= *refuse.attempts) info.flags |= CKF_USER_PIN_LOCKED;
}

CK_RV GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO* info) {
  return Guarded(Function::C_GetTokenInfo, 0, [&](Passage& passage) {
    const CK_RV rv = Forward<Function::C_GetTokenInfo>(passage, slot, info);
    if (rv != CKR_OK) return rv;
    const Scenario& scenario = passage.scenario();
    if (scenario.refuse_pin) ShowRefusedPins(*scenario.refuse_pin, passage.chaos().refused_pins(), *info);
    if (scenario.session_limit && scenario.session_limit->announced) {
      info->ulMaxSessionCount = scenario.session_limit->count;
      info->ulMaxRwSessionCount = scenario.session_limit->count;
    }
    if (scenario.token_memory) {
      info->ulFreePrivateMemory = info->ulFreePublicMemory = scenario.token_memory->free;
      info->ulTotalPrivateMemory = info->ulTotalPublicMemory = scenario.token_memory->total;
    }
    return rv;
  });
}

CK_RV WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID* slot, void* reserved) {
  return Guarded(Function::C_WaitForSlotEvent, 0, [&](Passage& passage) {
    const CK_RV rv = Forward<Function::C_WaitForSlotEvent>(passage, flags, slot, reserved);
    if (rv == CKR_OK && slot != nullptr) *slot = passage.scenario().slots.Shown(*slot).value_or(*slot);
    return rv;
  });
}

}  // namespace

void InstallSlotCalls(CK_FUNCTION_LIST& list) {
  list.C_GetSlotList = &GetSlotList;
  list.C_GetSlotInfo = &GetSlotInfo;
  list.C_GetTokenInfo = &GetTokenInfo;
  list.C_WaitForSlotEvent = &WaitForSlotEvent;
}

}  // namespace rootkeep::chaos
