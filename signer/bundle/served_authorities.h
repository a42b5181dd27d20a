// The authorities that are loaded, served with the trust bundle on record: one step from a change of either to what
// every front door answers.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "signer/authority/authority_set.h"
#include "signer/bundle/trust_bundles.h"

namespace rootkeep {

// Thread-safe but for Use and Keep: one thread at a time.
class ServedAuthorities {
 public:
  // All outlive this. `served` is replaced by nobody else. Comes before other watchers of `bundles`, so that whoever is
  // told of a change is answered by it already.
  ServedAuthorities(TrustBundles& bundles, AuthoritySet& served, const Clock& clock)
      : bundles_(bundles), served_(served), clock_(clock) {}

  // By trust domain the name of the authority that signs where no root was activated.
  using Defaults = std::map<std::string, std::string>;

  // Seeds the bundles with what the authorities' files say and then serves these, which are in the order of the
  // configuration. On an error, TrustBundles::Seed's, those before go on.
  Status Use(AuthoritySet::List loaded, Defaults defaults);

  // Serves only these of them; touches no database.
  void Keep(AuthoritySet::List kept);

  // Those that are served, as they were given to Use.
  [[nodiscard]] AuthoritySet::List loaded() const;
  [[nodiscard]] std::shared_ptr<const Authority> Find(std::string_view name) const;

  // Why authorities are loaded and none signs, by trust domain.
  [[nodiscard]] std::map<std::string, std::string> Unsigned() const;

  // What client certificates are verified against, PEM: the roots of all trust domains that vouch for clients, and the
  // client anchors of loaded authorities. Another pointer after each change.
  [[nodiscard]] std::shared_ptr<const std::string> ClientRoots() const;

  // Fingerprints of the issuing certificates that are loaded for this trust domain and chain to this root.
  [[nodiscard]] std::vector<std::string> IssuersUnder(std::string_view trust_domain, const BundleRoot& root) const;

 private:
  [[nodiscard]] Result<std::vector<BundleSeed>> SeedsOf(const AuthoritySet::List& loaded) const;
  void Watch(const AuthoritySet::List& loaded);
  // Puts together what is served, of what is loaded and on record now.
  void Serve();

  TrustBundles& bundles_;
  AuthoritySet& served_;
  const Clock& clock_;

  mutable Mutex mutex_;
  AuthoritySet::List loaded_ RK_GUARDED_BY(mutex_);
  Defaults defaults_ RK_GUARDED_BY(mutex_);
  std::map<std::string, std::string> unsigned_ RK_GUARDED_BY(mutex_);
  std::shared_ptr<const std::string> client_roots_ RK_GUARDED_BY(mutex_) = std::make_shared<std::string>();

  std::map<std::string, std::unique_ptr<BundleWatch>> watches_;  // by trust domain; used by Use alone
};

}  // namespace rootkeep
