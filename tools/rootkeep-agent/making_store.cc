#include "tools/rootkeep-agent/making_store.h"

#include "keystore/catalog/catalogued_store.h"
#include "keystore/catalog/permission.h"

namespace rootkeep::agent {

Result<KeyInfo> MakingStore::Create(const KeySpec& spec, Deadline deadline) {
  RK_TRY(auto catalog, Catalog::Open(catalog_path_));
  RK_TRY(KeyInfo made,
         CataloguedStore(store_, std::move(catalog), token_, clock_, DefaultUsers(spec.use)).Create(spec, deadline));
  permits_.Finished(made.label);
  return made;
}

}  // namespace rootkeep::agent
