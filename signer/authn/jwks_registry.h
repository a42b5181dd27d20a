// The key sources of this process, shared by the authenticators of one configuration and the next.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "keystore/base/mutex.h"
#include "signer/authn/jwks.h"
#include "signer/authn/jwt_config.h"

namespace rootkeep::jose {

// A reload makes every authenticator anew. Keys that are fetched by URL must not be fetched again before the issuer's
// tokens are accepted again, so that source is handed over; a file is read again at once. Thread-safe.
class JwksRegistry {
 public:
  // The source for these keys: for a URL the one that somebody still holds, which is asked to refresh; else one started
  // now.
  std::shared_ptr<JwksSource> Get(const std::string& issuer, const JwksConfig& config);

 private:
  Mutex mutex_;
  std::map<std::pair<std::string, JwksConfig>, std::weak_ptr<JwksSource>> sources_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep::jose
