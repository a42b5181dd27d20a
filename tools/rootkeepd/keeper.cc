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
  roots_shown_ = false;
  for (const auto& certificate : parts_.certificates) certificate->Follow(config.authorities.front().name);
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
  if (parts_.authorities.DropForbidden()) roots_shown_ = false;
  if (parts_.authorities.Retry(now)) roots_shown_ = false;
  parts_.authorities.ReportServed(now);
  const Status ledger = parts_.ledger.Health();
  parts_.readiness.Report("ledger", ledger.ok() ? "" : ledger.error().ToString());
  parts_.metrics.SetInFlight(static_cast<std::int64_t>(parts_.issuer.in_flight()));
  if (parts_.nodes != nullptr) parts_.nodes->Round(now);
  if (!roots_shown_) ShowClientRoots();
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

void Keeper::ShowClientRoots() {
  const std::string roots = parts_.authorities.ClientRoots();
  if (roots.empty()) return;
  bool shown = true;
  for (const auto& certificate : parts_.certificates) {
    const Status replaced = certificate->identity().ReplaceClientRoots(roots);
    if (!replaced.ok()) log::Failure("client_roots_not_replaced", {{"detail", replaced.error().ToString()}});
    shown = shown && replaced.ok();
  }
  roots_shown_ = shown;
}

}  // namespace rootkeep
