#include "signer/ops/readiness.h"

#include <algorithm>

#include "keystore/base/log.h"

namespace rootkeep {

void Readiness::SetOnChange(OnChange on_change) {
  const MutexLock lock(mutex_);
  on_change_ = std::move(on_change);
}

void Readiness::Report(const std::string& component, const std::string& reason) {
  OnChange notify;
  bool ready = false;
  {
    const MutexLock lock(mutex_);
    const bool was_ready = Ready();
    const auto [entry, fresh] = reasons_.try_emplace(component, reason);
    if (!fresh && entry->second == reason) return;
    entry->second = reason;
    ready = Ready();
    if (ready != was_ready || fresh) notify = on_change_;
  }
  if (reason.empty()) {
    log::Info("component_ready", {{"component", component}});
  } else {
    log::Warning("component_not_ready", {{"component", component}, {"reason", reason}});
  }
  if (notify) notify(ready);
}

void Readiness::Warn(const std::string& component, const std::string& reason) {
  const MutexLock lock(mutex_);
  warnings_[component] = reason;
}

void Readiness::Remove(const std::string& component) {
  const MutexLock lock(mutex_);
  reasons_.erase(component);
  warnings_.erase(component);
}

bool Readiness::ready() const {
  const MutexLock lock(mutex_);
  return Ready();
}

std::vector<Readiness::Component> Readiness::All() const {
  const MutexLock lock(mutex_);
  std::vector<Component> components;
  components.reserve(reasons_.size());
  for (const auto& [name, reason] : reasons_) components.push_back({name, reason.empty(), reason, false});
  for (const auto& [name, reason] : warnings_) components.push_back({name, true, reason, true});
  return components;
}

bool Readiness::Ready() const {
  return !reasons_.empty() && std::ranges::all_of(reasons_, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace rootkeep
