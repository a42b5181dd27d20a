#include "tools/rootkeep-agent/key_permits.h"

#include "keystore/catalog/permission.h"

namespace rootkeep::agent {
namespace {

// The same rows, found by one of a key's two names.
template <typename Name>
Status CheckRows(const std::map<Name, std::vector<CatalogEntry>>& rows, const Name& name, const KeyInfo& key,
                 const Purpose& purpose) {
  const auto found = rows.find(name);
  if (found == rows.end()) return Ok();
  return CheckPermitted(found->second, key, purpose);
}

}  // namespace

void KeyPermits::Set(const std::vector<CatalogEntry>& entries) {
  auto rows = std::make_shared<Rows>();
  const MutexLock lock(mutex_);
  for (const CatalogEntry& entry : entries) {
    if (entry.state != KeyState::kPending) finished_.erase(entry.label);
    if (finished_.contains(entry.label)) continue;
    rows->by_label[entry.label].push_back(entry);
    if (entry.key) rows->by_fingerprint[entry.key->public_key.fingerprint()].push_back(entry);
  }
  rows_.Set(std::move(rows));
}

void KeyPermits::Finished(const std::string& label) {
  const MutexLock lock(mutex_);
  finished_.insert(label);
  auto rows = std::make_shared<Rows>(*rows_.Get());
  rows->by_label.erase(label);
  rows_.Set(std::move(rows));
}

Status KeyPermits::Check(const keysocket::SocketOptions& socket, const KeyInfo& key) const {
  const Purpose purpose{.use = key.named ? std::optional(key.named->use) : std::nullopt,
                        .user = socket.ca_service ? kUserDaemon : kUserAgent};
  const auto rows = rows_.Get();
  RK_RETURN_IF_ERROR(CheckRows(rows->by_label, key.label, key, purpose));
  return CheckRows(rows->by_fingerprint, key.public_key.fingerprint(), key, purpose);
}

}  // namespace rootkeep::agent
