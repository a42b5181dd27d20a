// What the shared library exports.
#include "tools/chaos/function_list.h"

extern "C" __attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
  return rootkeep::chaos::GetFunctionList(list);
}
