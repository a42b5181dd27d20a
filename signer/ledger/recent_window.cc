#include "signer/ledger/recent_window.h"

#include <functional>
#include <string>

namespace rootkeep {

std::size_t RetryHash(const RetryKey& key) {
  std::string joined;
  joined.reserve(key.csr_sha256.size() + key.caller.size() + key.sans.size() + key.authority.size() + 4);
  for (const std::string* part : {&key.csr_sha256, &key.caller, &key.sans, &key.authority}) {
    joined += *part;
    joined += '\0';
  }
  return std::hash<std::string>()(joined);
}

void RecentWindow::Add(std::size_t retry_hash, Issued issued) {
  const MutexLock lock(mutex_);
  order_.emplace_back(retry_hash, issued.id);
  newest_[retry_hash] = std::move(issued);
  if (order_.size() <= limit_) return;
  const auto [oldest_hash, oldest_id] = order_.front();
  order_.pop_front();
  // The same key may have been issued again since.
  const auto found = newest_.find(oldest_hash);
  if (found != newest_.end() && found->second.id == oldest_id) newest_.erase(found);
}

void RecentWindow::Written(const Outcome& outcome) {
  const MutexLock lock(mutex_);
  const auto found = newest_.find(outcome.retry_hash);
  if (found != newest_.end() && found->second.id == outcome.intent_id) found->second.unwritten.reset();
}

std::optional<RecentWindow::Issued> RecentWindow::Find(std::size_t retry_hash, std::int64_t since) const {
  const MutexLock lock(mutex_);
  const auto found = newest_.find(retry_hash);
  if (found == newest_.end() || found->second.intended_at < since) return std::nullopt;
  return found->second;
}

}  // namespace rootkeep
