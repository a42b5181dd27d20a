// GoogleTest matchers for Result, and the macro that unwraps one or fails the test.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "keystore/base/result.h"

namespace rootkeep {

// GoogleTest prints it when a matcher fails.
inline void PrintTo(const Error& error, std::ostream* os) {
  *os << CodeName(error.code()) << " [" << error.reason() << "] " << error.ToString();
}

template <typename T>
void PrintTo(const Result<T>& result, std::ostream* os) {
  if (result.has_value()) {
    *os << "ok";
  } else {
    PrintTo(result.error(), os);
  }
}

}  // namespace rootkeep

namespace rootkeep::testing {

MATCHER(IsOk, "is a value") { return arg.has_value(); }

MATCHER_P(HasCode, code, "is the error " + std::string(CodeName(code))) {
  return !arg.has_value() && arg.error().code() == code;
}

MATCHER_P(HasReason, reason, "has the reason " + std::string(reason)) {
  return !arg.has_value() && arg.error().reason() == reason;
}

// Matches an error whose ToString() holds `text`.
MATCHER_P(Says, text, "says \"" + std::string(text) + "\"") {
  return !arg.has_value() && arg.error().ToString().find(text) != std::string::npos;
}

}  // namespace rootkeep::testing

// ASSERT_OK_AND_ASSIGN(auto key, store.Open(uri, deadline));
#define ASSERT_OK_AND_ASSIGN(declaration, expression) \
  ASSERT_OK_AND_ASSIGN_IMPL(RK_CONCAT(rk_test_result_, __LINE__), declaration, expression)
#define ASSERT_OK_AND_ASSIGN_IMPL(result, declaration, expression) \
  auto result = (expression);                                      \
  ASSERT_TRUE(result.has_value()) << result.error().ToString();    \
  declaration = std::move(*result)
