// What surrounds every call: the rules before it, and no exception out of it.
#pragma once

#include <new>

#include "tools/chaos/passage.h"

namespace rootkeep::chaos {

// Runs `body(passage)` unless a rule answers the call.
template <typename Body>
CK_RV Guarded(Function function, CK_SESSION_HANDLE session, Body&& body) noexcept {
  try {
    Chaos& chaos = Chaos::Instance();
    if (function == Function::C_Initialize) {
      if (!chaos.Begin()) return CKR_GENERAL_ERROR;
    } else if (!chaos.initialised()) {
      return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    Passage passage(chaos, function, session);
    if (const auto answer = passage.Obstruct()) return *answer;
    return body(passage);
  } catch (const std::bad_alloc&) {
    return CKR_HOST_MEMORY;
  } catch (...) {
    return CKR_GENERAL_ERROR;
  }
}

}  // namespace rootkeep::chaos
