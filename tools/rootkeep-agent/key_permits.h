// What the catalogue says about keys, for the threads that sign.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "keystore/base/snapshot.h"
#include "keystore/catalog/entry.h"
#include "keystore/keysocket/server/rules.h"

namespace rootkeep::agent {

// Thread-safe.
class KeyPermits {
 public:
  // From here on these rows hold.
  void Set(const std::vector<CatalogEntry>& entries);

  // As CheckPermitted: for rootkeepd on the CA service's socket, for the agent on the others. A key without a row may
  // be used. Looks at the rows of this key only, however many there are.
  [[nodiscard]] Status Check(const keysocket::SocketOptions& socket, const KeyInfo& key) const;

 private:
  struct Rows {
    std::map<std::string, std::vector<CatalogEntry>> by_label;
    std::map<Bytes, std::vector<CatalogEntry>> by_fingerprint;
  };

  Snapshot<Rows> rows_{std::make_shared<const Rows>()};
};

}  // namespace rootkeep::agent
