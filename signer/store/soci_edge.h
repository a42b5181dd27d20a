// Where SOCI's exceptions end. Internal to this folder.
#pragma once

#include <string_view>
#include <utility>

#include "keystore/base/result.h"

namespace rootkeep::store {

// The exception being handled as an Error naming `call`. Only inside a catch block. Never takes what(), which prints
// bound values.
Error TakeException(std::string_view call);

// Runs `body`, whose result is void or a value.
template <typename Body>
auto Guarded(std::string_view call, Body&& body) -> Result<decltype(body())> {
  try {
    if constexpr (std::is_void_v<decltype(body())>) {
      std::forward<Body>(body)();
      return {};
    } else {
      return std::forward<Body>(body)();
    }
  } catch (...) {
    return TakeException(call);
  }
}

}  // namespace rootkeep::store
