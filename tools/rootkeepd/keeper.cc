#include "tools/rootkeepd/keeper.h"

#include <condition_variable>
#include <mutex>

#include "keystore/base/guard.h"
#include "keystore/base/log.h"

namespace rootkeep {
namespace {

constexpr std::chrono::seconds kRenewDeadline{5};
constexpr std::chrono::seconds kRenewRetry{1};

}  // namespace

void Keeper::Round() {
  const MutexLock lock(mutex_);
  RoundLocked();
}

void Keeper::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

Status Keeper::Reload(const config::Config& config) {
  const MutexLock lock(mutex_);
  // So that a key that was retired a moment ago refuses the reload, and does not stop its authority after it.
  parts_.keys.Refresh();
  RK_RETURN_IF_ERROR(parts_.authorities.Load(config, parts_.clock.Now()));
  trust_domain_ = config.authorities.front().trust_domain;
  followed_.clear();
  parts_.keys.LookSoon();
  RoundLocked();
  return Ok();
}

void Keeper::Run(const std::stop_token& stop) {
  std::condition_variable_any wake;
  std::mutex mutex;
  while (!stop.stop_requested()) {
    RunGuarded("keeper_exception", [this] { Round(); });
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, kPeriod, [] { return false; });
  }
}

void Keeper::RoundLocked() {
  parts_.hardware.Probe(parts_.reports);
  parts_.keys.Round();
  const WallTime now = parts_.clock.Now();
  parts_.authorities.DropForbidden();
  parts_.authorities.Retry(now);
  parts_.authorities.ReportServed(now);
  const Status ledger = parts_.ledger.Health();
  parts_.readiness.Report("ledger", ledger.ok() ? "" : ledger.error().ToString());
  parts_.metrics.SetInFlight(static_cast<std::int64_t>(parts_.issuer.in_flight()));
  if (parts_.nodes != nullptr) parts_.nodes->Round(now);
  if (parts_.api != nullptr) parts_.api->Round();
  DropExpiredKeys();
  ShowClientRoots();
  FollowSigning();
  RenewCertificates(now);
}

void Keeper::RenewCertificates(WallTime now) {
  if (std::chrono::steady_clock::now() < retry_certificates_at_) return;
  for (const auto& certificate : parts_.certificates) {
    if (!certificate->Due(now)) continue;
    const Status renewed = certificate->Renew(parts_.issuer, parts_.clock, After(kRenewDeadline));
    if (!renewed.ok()) {
      retry_certificates_at_ = After(kRenewRetry);
      log::Warning("serving_certificate_not_renewed", {{"detail", renewed.error().ToString()}});
    }
    // An old certificate serves until it ends.
    const bool valid = renewed.ok() || now < certificate->not_after();
    parts_.readiness.Report("serving certificate " + certificate->name(), valid ? "" : renewed.error().ToString());
  }
}

void Keeper::DropExpiredKeys() {
  constexpr char kComponent[] = "trust bundles";
  const Status dropped = parts_.bundles.DropExpired();
  if (dropped.ok()) return parts_.readiness.Remove(kComponent);
  parts_.readiness.Warn(kComponent, dropped.error().ToString());
}

// Whoever has dropped a root that is tainted must still find a serving certificate that verifies.
void Keeper::FollowSigning() {
  const auto signing = parts_.signing.FindByTrustDomain(trust_domain_);
  if (signing == nullptr || signing->certificate_fingerprint() == followed_) return;
  for (const auto& certificate : parts_.certificates) certificate->Follow(signing->name());
  followed_ = signing->certificate_fingerprint();
}

void Keeper::ShowClientRoots() {
  const auto roots = parts_.served.ClientRoots();
  if (roots->empty() || roots == shown_roots_) return;
  bool shown = true;
  for (const auto& certificate : parts_.certificates) {
    const Status replaced = certificate->identity().ReplaceClientRoots(*roots);
    if (!replaced.ok()) log::Failure("client_roots_not_replaced", {{"detail", replaced.error().ToString()}});
    shown = shown && replaced.ok();
  }
  if (shown) shown_roots_ = roots;
}

}  // namespace rootkeep
