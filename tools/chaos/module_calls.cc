#include <algorithm>
#include <iterator>
#include <string_view>

#include "tools/chaos/calls.h"
#include "tools/chaos/forward.h"

namespace rootkeep::chaos {
namespace {

CK_RV Initialize(void* arguments) {
  return Guarded(Function::C_Initialize, 0, [&](Passage& passage) {
    const CK_RV rv = passage.real().C_Initialize(arguments);
    if (rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED) passage.chaos().SetInitialised(true);
    return rv;
  });
}

CK_RV Finalize(void* reserved) {
  return Guarded(Function::C_Finalize, 0, [&](Passage& passage) {
    const CK_RV rv = passage.real().C_Finalize(reserved);
    if (rv != CKR_OK) return rv;
    passage.chaos().SetInitialised(false);
    passage.chaos().sessions().Clear();
    return rv;
  });
}

// Who looks at the module shall see that this is not the real one, and that its times are not the real one's.
CK_RV GetInfo(CK_INFO* info) {
  return Guarded(Function::C_GetInfo, 0, [&](Passage& passage) {
    const CK_RV rv = passage.real().C_GetInfo(info);
    if (rv != CKR_OK) return rv;
    constexpr std::string_view kDescription = "rootkeep-chaos";
    std::ranges::fill(info->libraryDescription, ' ');
    std::ranges::copy(kDescription, std::begin(info->libraryDescription));
    return rv;
  });
}

}  // namespace

void InstallModuleCalls(CK_FUNCTION_LIST& list) {
  list.C_Initialize = &Initialize;
  list.C_Finalize = &Finalize;
  list.C_GetInfo = &GetInfo;
}

}  // namespace rootkeep::chaos
