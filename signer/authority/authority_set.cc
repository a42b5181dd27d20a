#include "signer/authority/authority_set.h"

#include <utility>

namespace rootkeep {

void AuthoritySet::Replace(List authorities, List signing) {
  const MutexLock lock(mutex_);
  authorities_.swap(authorities);
  signing_.swap(signing);
}

void AuthoritySet::Replace(List authorities) {
  List signing = authorities;
  Replace(std::move(authorities), std::move(signing));
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
  for (const auto& authority : signing_) {
    if (authority->trust_domain() == trust_domain) return authority;
  }
  return nullptr;
}

std::shared_ptr<const Authority> AuthoritySet::FindSigning(std::string_view name) const {
  const auto named = Find(name);
  return named == nullptr ? nullptr : FindByTrustDomain(named->trust_domain());
}

AuthoritySet::List AuthoritySet::All() const {
  const MutexLock lock(mutex_);
  return authorities_;
}

}  // namespace rootkeep
