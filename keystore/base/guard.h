// Where a library's exception ends. Nothing of ours throws; a library does for want of memory, say.
#pragma once

#include <string_view>

#include "keystore/base/log.h"

namespace rootkeep {

// Runs `work`. What is thrown in it is logged as `event` and goes no further; whether nothing was.
template <typename Work>
bool RunGuarded(std::string_view event, Work&& work) noexcept {  // NOLINT(cppcoreguidelines-missing-std-forward)
  try {
    work();
    return true;
  } catch (...) {
    log::Exception(event);
    return false;
  }
}

}  // namespace rootkeep
