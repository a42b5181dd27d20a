// Which of a trust domain's authorities signs.
#pragma once

#include <string>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "signer/authority/authority_set.h"
#include "signer/bundle/trust_bundle.h"

namespace rootkeep {

// Of `authorities`, in the order of the configuration, the first that chains to the root an operator made the active
// one; where none was chosen, the one named `otherwise`, if it chains to a root that is not tainted.
// FAILED_PRECONDITION with reason "active_root" when there is none: nothing is signed below a root that clients may not
// have yet, or are about to drop.
Result<std::shared_ptr<const Authority>> ChooseSigning(const TrustBundle& bundle, const AuthoritySet::List& authorities,
                                                       const std::string& otherwise, WallTime now);

// Whether the authority's certificates end in this root.
bool ChainsTo(const Authority& authority, const BundleRoot& root, WallTime now);

// The roots as PEM blocks, one after another.
std::string RootsPem(const std::vector<BundleRoot>& roots);

}  // namespace rootkeep
