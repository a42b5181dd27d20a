// An authenticator that is replaced whole when the configuration is reloaded.
#pragma once

#include <memory>
#include <utility>

#include "keystore/base/snapshot.h"
#include "signer/authn/authenticator.h"

namespace rootkeep {

// Thread-safe. Calls under way finish with the authenticator they began with.
class ReloadableAuthenticator final : public Authenticator {
 public:
  explicit ReloadableAuthenticator(std::shared_ptr<const Authenticator> present) : present_(std::move(present)) {}

  void Replace(std::shared_ptr<const Authenticator> next) { present_.Set(std::move(next)); }

  [[nodiscard]] AuthOutcome Authenticate(const CallContext& call) const override {
    return present_.Get()->Authenticate(call);
  }

 private:
  Snapshot<Authenticator> present_;
};

}  // namespace rootkeep
