// The authorities being served: one immutable snapshot that readers take and reload replaces.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/mutex.h"
#include "signer/authority/authority.h"

namespace rootkeep {

// Thread-safe.
class AuthoritySet {
 public:
  using List = std::vector<std::shared_ptr<const Authority>>;

  // Replaces all of them at once; calls under way keep the ones they took. `signing` are those of them that sign, at
  // most one a trust domain.
  void Replace(List authorities, List signing);
  // The same, where the first of each trust domain signs.
  void Replace(List authorities);

  // The authority of that name, or the first one for an empty name; null when there is none (not loaded yet).
  [[nodiscard]] std::shared_ptr<const Authority> Find(std::string_view name) const;

  // The authority that signs in that trust domain; null when there is none.
  [[nodiscard]] std::shared_ptr<const Authority> FindByTrustDomain(std::string_view trust_domain) const;

  // The one that signs in the trust domain of what Find finds: authorities of one trust domain take each other's place.
  [[nodiscard]] std::shared_ptr<const Authority> FindSigning(std::string_view name) const;

  [[nodiscard]] List All() const;

 private:
  mutable Mutex mutex_;
  List authorities_ RK_GUARDED_BY(mutex_);
  List signing_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep
