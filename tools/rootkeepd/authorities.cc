#include "tools/rootkeepd/authorities.h"

#include <algorithm>

#include "keystore/base/log.h"

namespace rootkeep {

namespace {

// Of each trust domain the first.
ServedAuthorities::Defaults DefaultsOf(const std::vector<config::Authority>& configured) {
  ServedAuthorities::Defaults defaults;
  for (const config::Authority& entry : configured) defaults.emplace(entry.trust_domain, entry.name);
  return defaults;
}

}  // namespace

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
  RK_RETURN_IF_ERROR(served_.Use(loaded, DefaultsOf(config.authorities)));
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
  return Ok();
}

bool Authorities::Unchanged(const config::Authority& entry, const AuthorityTerms& terms) const {
  return terms == terms_ && std::ranges::find(configured_, entry) != configured_.end();
}

void Authorities::DropForbidden() {
  AuthoritySet::List kept;
  bool changed = false;
  for (const auto& authority : served_.loaded()) {
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
  if (changed) served_.Keep(std::move(kept));
}

void Authorities::Retry(WallTime now) {
  if (waiting_.empty()) return;
  AuthoritySet::List all;
  AuthoritySet::List kept;  // without those that came back
  std::set<std::string> back;
  bool changed = false;
  for (const config::Authority& entry : configured_) {
    auto present = served_.Find(entry.name);
    if (!waiting_.contains(entry.name)) {
      if (present == nullptr) continue;
      all.push_back(present);
      kept.push_back(std::move(present));
      continue;
    }
    auto authority = LoadAuthority(entry, terms_, hardware_.Token(entry.token), keys_, now);
    if (authority.ok()) {
      all.push_back(std::move(*authority));
      back.insert(entry.name);
      if (present != nullptr) kept.push_back(std::move(present));
      continue;
    }
    Report(entry.name, authority.error().ToString());
    if (present == nullptr) continue;
    if (MayPass(authority.error())) {
      all.push_back(present);
      kept.push_back(std::move(present));
    } else {
      changed = true;  // what came back is not what may sign
    }
  }
  if (!back.empty() && TakeBack(all, back)) return;
  if (changed) served_.Keep(std::move(kept));
}

// A root of theirs may not fit into the bundle, or the database may be away: then they wait on.
bool Authorities::TakeBack(const AuthoritySet::List& all, const std::set<std::string>& back) {
  const Status used = served_.Use(all, DefaultsOf(configured_));
  for (const std::string& name : back) {
    Report(name, used.ok() ? "" : used.error().ToString());
    if (!used.ok()) continue;
    waiting_.erase(name);
    LogLoaded(*served_.Find(name));
  }
  return used.ok();
}

void Authorities::ReportServed(WallTime now) {
  const auto all = served_.loaded();
  for (const auto& authority : all) {
    if (waiting_.contains(authority->name())) continue;
    const WallTime end = std::min(authority->not_after(), authority->chain_not_after());
    const bool enough = end - now >= authority->workload_profile().lifetime.min_ttl;
    std::string reason = keys_.Trouble(authority->signer().info());
    if (!enough) reason = "the issuing chain ends at " + ToRfc3339(end) + ", too soon to issue";
    Report(authority->name(), reason);
  }
  ReportUnsigned();
  if (!all.empty()) metrics_.SetExpiry(all.front()->root_not_after(), all.front()->chain_not_after());
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

void Authorities::ReportUnsigned() {
  const auto now = served_.Unsigned();
  for (const std::string& trust_domain : unsigned_) {
    if (!now.contains(trust_domain)) readiness_.Report("trust domain " + trust_domain, "");
  }
  unsigned_.clear();
  for (const auto& [trust_domain, reason] : now) {
    readiness_.Report("trust domain " + trust_domain, reason);
    unsigned_.insert(trust_domain);
  }
}

}  // namespace rootkeep
