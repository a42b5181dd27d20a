// Result<T>: a value or an Error. Nothing of ours throws.
#pragma once

#include <tl/expected.hpp>
#include <type_traits>
#include <utility>

#include "keystore/base/error.h"

namespace rootkeep {

// A class, not an alias, so that dropping one is a warning, and so that `return value;` and `return error;` both
// convert. Use `*r` / `r.value()` only after checking; `r.error()` only when it holds none.
template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
  using Base = tl::expected<T, Error>;

 public:
  using Base::Base;

  // NOLINTBEGIN(google-explicit-constructor): conversion from a value or an error is the point.
  Result(Error error) : Base(tl::unexpect, std::move(error)) {}
  Result(Base base) : Base(std::move(base)) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return this->has_value(); }
};

using Status = Result<void>;

inline Status Ok() { return {}; }

}  // namespace rootkeep

#define RK_CONCAT_INNER(a, b) a##b
#define RK_CONCAT(a, b) RK_CONCAT_INNER(a, b)

// RK_TRY(auto key, store.Open(uri)); declares `key` or returns the error from the enclosing function.
#define RK_TRY(declaration, expression) RK_TRY_IMPL(RK_CONCAT(rk_result_, __LINE__), declaration, expression)
#define RK_TRY_IMPL(result, declaration, expression)                            \
  auto result = (expression);                                                   \
  if (!result.has_value()) return ::rootkeep::Error(std::move(result).error()); \
  declaration = std::move(*result)

// RK_RETURN_IF_ERROR(CheckMode(path)); returns the error from the enclosing function, drops the value.
#define RK_RETURN_IF_ERROR(expression)                                                  \
  do {                                                                                  \
    auto rk_status = (expression);                                                      \
    if (!rk_status.has_value()) return ::rootkeep::Error(std::move(rk_status).error()); \
  } while (false)
