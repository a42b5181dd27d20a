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

}  // namespace

void InstallModuleCalls(CK_FUNCTION_LIST& list) {
  list.C_Initialize = &Initialize;
  list.C_Finalize = &Finalize;
}

}  // namespace rootkeep::chaos
