// The reply that a call must have.
#pragma once

#include <utility>

#include "keystore/isolated/wire/messages.h"

namespace rootkeep::isolated {

// INTERNAL when the host answered something else.
template <typename T>
Result<T> Expect(Reply reply) {
  if (auto* answer = std::get_if<T>(&reply)) return std::move(*answer);
  return Internal("the token host gave an answer to another question");
}

inline Status ExpectDone(Reply reply) {
  const auto done = Expect<Done>(std::move(reply));
  return done.ok() ? Ok() : Status(done.error());
}

}  // namespace rootkeep::isolated
