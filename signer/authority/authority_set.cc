#include "signer/authority/authority_set.h"

namespace rootkeep {

void AuthoritySet::Replace(List authorities) {
  const MutexLock lock(mutex_);
  authorities_.swap(authorities);
}

std::shared_ptr<const Authority> AuthoritySet::Find(std::string_view name) const {
  const MutexLock lock(mutex_);
  for (const auto& authority : authorities_) {
    if (name.empty() || authority->name() == name) return authority;
  }
  return nullptr;
}

std::shared_ptr<const Authority> AuthoritySet::FindByTrustDomain(std::string_view trust_domain) const {
  const MutexLock lock(mutex_);
  for (const auto& authority : authorities_) {
    if (authority->trust_domain() == trust_domain) return authority;
  }
  return nullptr;
}

AuthoritySet::List AuthoritySet::All() const {
  const MutexLock lock(mutex_);
  return authorities_;
}

}  // namespace rootkeep
