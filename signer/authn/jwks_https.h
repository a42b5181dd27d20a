// A JWK set at an https URL, such as a Kubernetes API server's /openid/v1/jwks.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "signer/authn/jwks_loader.h"

namespace rootkeep::jose {

struct HttpsEndpoint {
  std::string url;                // https only
  std::string ca_file;            // PEM anchors for this URL alone; empty: the system's
  std::string bearer_token_file;  // sent as `authorization: Bearer`, read anew for every request; empty: none
  std::chrono::milliseconds timeout{10'000};  // for the whole exchange
};

// One GET at a time with libcurl: TLS 1.2 or later, host name and chain checked, no redirect, no proxy, no compression,
// status 200 only, at most kMaxJwkSet octets. A stop request ends a transfer at once.
class JwksHttps final : public JwksLoader {
 public:
  explicit JwksHttps(HttpsEndpoint endpoint) : endpoint_(std::move(endpoint)) {}

  Result<std::optional<std::string>> Load(bool again, const std::stop_token& stop) override;
  [[nodiscard]] bool is_local() const override { return false; }

 private:
  HttpsEndpoint endpoint_;
};

}  // namespace rootkeep::jose
