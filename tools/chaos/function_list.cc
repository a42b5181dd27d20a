#include "tools/chaos/function_list.h"

#include "tools/chaos/calls.h"
#include "tools/chaos/forward.h"

namespace rootkeep::chaos {
namespace {

constexpr bool StartsWithSession(std::string_view kinds) { return kinds.front() == 's'; }

template <Function function, typename First, typename... Rest>
CK_RV Plain(First first, Rest... rest) {
  CK_SESSION_HANDLE session = 0;
  if constexpr (StartsWithSession(kArguments<function>)) session = first;
  return Guarded(function, session,
                 [&](Passage& passage) { return Forward<function, First, Rest...>(passage, first, rest...); });
}

// The forwarder of the member's own type.
template <Function function, typename... Arguments>
void Install(CK_FUNCTION_LIST& list, CK_RV (*CK_FUNCTION_LIST::*member)(Arguments...)) {
  list.*member = &Plain<function, Arguments...>;
}

CK_FUNCTION_LIST MakeList(CK_VERSION version) {
  CK_FUNCTION_LIST list{};
  list.version = version;
#define RK_CHAOS_INSTALL(name, arguments) Install<Function::name>(list, &CK_FUNCTION_LIST::name);
  RK_CHAOS_FUNCTIONS(RK_CHAOS_INSTALL)
#undef RK_CHAOS_INSTALL
  list.C_GetFunctionList = &GetFunctionList;
  InstallModuleCalls(list);
  InstallSlotCalls(list);
  InstallSessionCalls(list);
  InstallObjectCalls(list);
  InstallSignCalls(list);
  return list;
}

}  // namespace

CK_RV GetFunctionList(CK_FUNCTION_LIST** list) noexcept {
  if (list == nullptr) return CKR_ARGUMENTS_BAD;
  try {
    Chaos& chaos = Chaos::Instance();
    const CK_RV rv = chaos.Load();
    if (rv != CKR_OK) return rv;
    static CK_FUNCTION_LIST made = MakeList(chaos.real().version);
    *list = &made;
    return CKR_OK;
  } catch (...) {
    return CKR_HOST_MEMORY;
  }
}

}  // namespace rootkeep::chaos
