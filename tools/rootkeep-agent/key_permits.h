// What the catalogue says about keys, for the threads that sign.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "keystore/base/mutex.h"
#include "keystore/base/snapshot.h"
#include "keystore/catalog/entry.h"
#include "keystore/keysocket/server/rules.h"

namespace rootkeep::agent {

// Thread-safe.
class KeyPermits {
 public:
  // From here on these rows hold.
  void Set(const std::vector<CatalogEntry>& entries);
  // This process has finished making the key: a row that was read meanwhile and calls it PENDING says nothing.
  void Finished(const std::string& label);

  // As CheckPermitted: for rootkeepd on the CA service's socket, for the agent on the others. A key without a row may
  // be used. Looks at the rows of this key only, however many there are.
  [[nodiscard]] Status Check(const keysocket::SocketOptions& socket, const KeyInfo& key) const;

 private:
  struct Rows {
    std::map<std::string, std::vector<CatalogEntry>> by_label;
    std::map<Bytes, std::vector<CatalogEntry>> by_fingerprint;
  };

  Mutex mutex_;
  std::set<std::string> finished_ RK_GUARDED_BY(mutex_);  // until a row says so
  Snapshot<Rows> rows_{std::make_shared<const Rows>()};   // replaced under mutex_
};

}  // namespace rootkeep::agent
