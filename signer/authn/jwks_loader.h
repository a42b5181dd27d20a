// Where the text of a JWK set comes from.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "keystore/base/result.h"

namespace rootkeep::jose {

// Used by one thread at a time.
class JwksLoader {
 public:
  JwksLoader() = default;
  JwksLoader(const JwksLoader&) = delete;
  JwksLoader& operator=(const JwksLoader&) = delete;
  virtual ~JwksLoader() = default;

  // The text, at most kMaxJwkSet octets; nothing when the loader knows that it has not changed since the last call and
  // `again` is false. Returns soon after `stop` is requested.
  virtual Result<std::optional<std::string>> Load(bool again, const std::stop_token& stop) = 0;

  // Whether Load answers at once, without the network.
  [[nodiscard]] virtual bool is_local() const = 0;
};

}  // namespace rootkeep::jose
