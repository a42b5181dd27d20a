#include "signer/ledger/open_intents.h"

#include <utility>

#include "signer/ledger/recent_window.h"

namespace rootkeep {
namespace {

std::string NameOf(const std::string& issuer, const std::string& serial) { return serial + '/' + issuer; }

}  // namespace

void OpenIntents::Add(std::int64_t id, Intent& intent) {
  std::string name = NameOf(intent.issuer, intent.serial);
  const std::size_t retry_hash = RetryHash(
      {std::move(intent.caller), std::move(intent.csr_sha256), std::move(intent.sans), std::move(intent.authority)});
  const MutexLock lock(mutex_);
  open_.insert_or_assign(std::move(name), OpenIntent{id, std::move(intent.tbs), retry_hash, intent.intended_at});
}

std::optional<OpenIntent> OpenIntents::Take(const std::string& issuer, const std::string& serial) {
  const MutexLock lock(mutex_);
  auto node = open_.extract(NameOf(issuer, serial));
  if (node.empty()) return std::nullopt;
  return std::move(node.mapped());
}

std::size_t OpenIntents::size() const {
  const MutexLock lock(mutex_);
  return open_.size();
}

}  // namespace rootkeep
