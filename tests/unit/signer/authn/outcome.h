// What an authenticator answered, in the terms of the Result matchers.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "keystore/base/result.h"
#include "signer/authn/authenticator.h"

namespace rootkeep::testing {

// The caller or the refusal; NotMine becomes the error NOT_FOUND with reason "not_mine".
inline Result<Caller> Outcome(const AuthOutcome& outcome) {
  if (const auto* caller = std::get_if<Caller>(&outcome)) return *caller;
  if (const auto* error = std::get_if<Error>(&outcome)) return *error;
  return NotFound("not mine").WithReason("not_mine");
}

// Asks with one authorization value "Bearer <token>".
inline Result<Caller> Present(const Authenticator& authenticator, const std::string& token,
                              std::string_view cluster_id = "") {
  const std::string value = "Bearer " + token;
  const std::string_view view = value;
  return Outcome(authenticator.Authenticate(
      {.authorization = std::span(&view, 1), .cluster_id = cluster_id, .peer = "ipv4:127.0.0.1:40404"}));
}

}  // namespace rootkeep::testing
