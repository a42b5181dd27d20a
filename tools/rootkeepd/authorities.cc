#include "tools/rootkeepd/authorities.h"

#include <algorithm>

#include "keystore/base/log.h"

namespace rootkeep {

Status Authorities::Load(const config::Config& config, WallTime now) {
  const AuthorityTerms terms{.state_directory = config.state_directory, .production = config.production};
  AuthoritySet::List loaded;
  std::map<std::string, std::string> waiting;
  for (const config::Authority& entry : config.authorities) {
    auto authority = LoadAuthority(entry, terms, hardware_.Token(entry.token), keys_, now);
    if (authority.ok()) {
      loaded.push_back(std::move(*authority));
      continue;
    }
    auto present = served_.Find(entry.name);
    const bool unchanged = Unchanged(entry, terms);
    // A key that is not there may come back; but to one that serves, a new entry with no key behind it is a mistake.
    const bool mistaken = authority.error().reason() == "key_not_found" && present != nullptr && !unchanged;
    if (!MayPass(authority.error()) || mistaken) return std::move(authority).error();
    waiting[entry.name] = authority.error().ToString();
    // One that serves already goes on with what it has, unless it would have to meet other terms now.
    if (present != nullptr && unchanged) loaded.push_back(std::move(present));
  }
  terms_ = terms;
  configured_ = config.authorities;
  waiting_.clear();
  for (const auto& authority : loaded) {
    Report(authority->name(), "");
    LogLoaded(*authority);
  }
  for (const auto& [name, reason] : waiting) {
    waiting_.insert(name);
    Report(name, reason);
  }
  served_.Replace(std::move(loaded));
  return Ok();
}

bool Authorities::Unchanged(const config::Authority& entry, const AuthorityTerms& terms) const {
  return terms == terms_ && std::ranges::find(configured_, entry) != configured_.end();
}

bool Authorities::DropForbidden() {
  AuthoritySet::List kept;
  bool changed = false;
  for (const auto& authority : served_.All()) {
    const Status permitted = keys_.Check(authority->signer().info());
    if (permitted.ok()) {
      kept.push_back(authority);
      continue;
    }
    changed = true;
    waiting_.insert(authority->name());
    log::Failure("authority_stopped", {{"authority", authority->name()}, {"detail", permitted.error().ToString()}});
    Report(authority->name(), permitted.error().ToString());
  }
  if (changed) served_.Replace(std::move(kept));
  return changed;
}

bool Authorities::Retry(WallTime now) {
  if (waiting_.empty()) return false;
  bool changed = false;
  AuthoritySet::List all;
  for (const config::Authority& entry : configured_) {
    auto present = served_.Find(entry.name);
    if (waiting_.contains(entry.name)) {
      auto authority = LoadAuthority(entry, terms_, hardware_.Token(entry.token), keys_, now);
      Report(entry.name, authority.ok() ? "" : authority.error().ToString());
      if (authority.ok()) {
        LogLoaded(**authority);
        present = std::move(*authority);
        waiting_.erase(entry.name);
        changed = true;
      } else if (!MayPass(authority.error()) && present != nullptr) {
        present = nullptr;  // what came back is not what may sign
        changed = true;
      }
    }
    if (present != nullptr) all.push_back(std::move(present));
  }
  if (changed) served_.Replace(std::move(all));
  return changed;
}

void Authorities::ReportServed(WallTime now) {
  const auto all = served_.All();
  for (const auto& authority : all) {
    if (waiting_.contains(authority->name())) continue;
    const WallTime end = std::min(authority->not_after(), authority->chain_not_after());
    const bool enough = end - now >= authority->workload_profile().lifetime.min_ttl;
    std::string reason = keys_.Trouble(authority->signer().info());
    if (!enough) reason = "the issuing chain ends at " + ToRfc3339(end) + ", too soon to issue";
    Report(authority->name(), reason);
  }
  if (!all.empty()) metrics_.SetExpiry(all.front()->root_not_after(), all.front()->chain_not_after());
}

std::string Authorities::ClientRoots() const {
  std::string roots;
  for (const auto& authority : served_.All()) roots += authority->client_roots_pem();
  return roots;
}

void Authorities::LogLoaded(const Authority& authority) const {
  const KeyInfo& key = authority.signer().info();
  log::Info("authority_loaded", {{"authority", authority.name()},
                                 {"trust_domain", authority.trust_domain()},
                                 {"not_after", ToRfc3339(authority.not_after())},
                                 {"key", key.uri.Redacted()},
                                 {"catalogued", keys_.StateOf(key)},
                                 {"custody", DescribeCustody(key.custody)},
                                 {"vouched", VoucherText(key.voucher)}});
}

void Authorities::Report(const std::string& name, const std::string& reason) {
  metrics_.SetAuthorityServing(name, reason.empty());
  readiness_.Report("authority " + name, reason);
}

}  // namespace rootkeep
