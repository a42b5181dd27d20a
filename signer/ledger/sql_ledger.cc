#include "signer/ledger/sql_ledger.h"

#include <utility>

#include "keystore/base/guard.h"
#include "keystore/base/log.h"
#include "signer/ledger/certificate_tail.h"

namespace rootkeep {

SqlLedger::SqlLedger(Parts parts)
    : commit_(std::move(parts.commit)),
      finder_(std::move(parts.finder)),
      lister_(std::move(parts.lister)),
      clock_(parts.clock),
      open_limit_(parts.open_limit),
      possibly_issued_(parts.possibly_issued),
      queue_(parts.queue_limit),
      window_(parts.window) {
  for (const auto& recent : parts.recent) window_.Add(RetryHash(recent.key), recent.id, recent.intended_at);
  writer_ = std::thread([this] { WriteLoop(); });
}

SqlLedger::~SqlLedger() {
  queue_.Stop();
  writer_.join();
}

Status SqlLedger::Intend(Intent intent, Durable durable) {
  if (intent.issuer.empty() || intent.serial.empty() || intent.tbs.empty()) {
    return InvalidArgument("intent without issuer, serial or to-be-signed certificate");
  }
  if (open_.size() >= open_limit_) {
    return ResourceExhausted("too many intents wait for their outcome")
        .WithReason("ledger_open_intents")
        .WithRetryAfter(WriteQueue::kRetryDelay);
  }
  return queue_.Push({std::move(intent), std::move(durable)});
}

void SqlLedger::SetBatchDone(std::function<void()> batch_done) { batch_done_ = std::move(batch_done); }

void SqlLedger::Complete(const std::string& issuer, const std::string& serial, Bytes certificate) {
  Close(issuer, serial, certificate, "");
}

void SqlLedger::Fail(const std::string& issuer, const std::string& serial, std::string failure) {
  Close(issuer, serial, {}, std::move(failure));
}

void SqlLedger::Leave(const std::string& issuer, const std::string& serial) noexcept {
  RunGuarded("ledger_exception", [&] { open_.Take(issuer, serial); });
}

void SqlLedger::Close(const std::string& issuer, const std::string& serial, const Bytes& certificate,
                      std::string failure) {
  auto open = open_.Take(issuer, serial);
  if (!open) {
    log::Failure("ledger_outcome_without_intent", {{"issuer", issuer}, {"serial", serial}});
    return;
  }
  auto outcome = std::make_shared<Outcome>();
  outcome->intent_id = open->id;
  outcome->completed_at = ToUnixSeconds(clock_->Now());
  outcome->retry_hash = open->retry_hash;
  outcome->intended_at = open->intended_at;
  outcome->failure = std::move(failure);
  if (!certificate.empty()) {
    const auto tail = CertificateTail(certificate, open->tbs);
    if (tail.ok()) {
      outcome->status = EntryStatus::kIssued;
      outcome->tail = ToBytes(*tail);
    } else {
      log::Failure("ledger_other_certificate", {{"issuer", issuer}, {"serial", serial}});
      outcome->failure = tail.error().message();
    }
  }
  if (outcome->status == EntryStatus::kIssued) window_.Add(outcome);
  queue_.Push(std::move(outcome));
}

void SqlLedger::WriteLoop() {
  while (auto batch = queue_.Take()) {
    // Callers of a batch that ended so get their answer when their deadline passes, and what of it was written is
    // listed as possibly issued. Nobody waits for the rest.
    const std::uint64_t through = batch->through;
    if (!RunGuarded("ledger_exception", [&] { WriteOne(std::move(*batch)); })) queue_.Done(through);
  }
}

void SqlLedger::WriteOne(WriteBatch batch) {
  auto ids = commit_->Write(batch);
  if (ids.ok()) {
    ++commits_;
    SetHealth(Ok());
    for (const OutcomePtr& outcome : batch.outcomes) window_.Written(*outcome);
    outcomes_ += batch.outcomes.size();
    Announce(batch, *ids);
    queue_.Done(batch.through);
  } else {
    ++failed_commits_;
    SetHealth(ids.error());
    Refuse(batch, ids.error());
    KeepForLater(std::move(batch));
  }
}

void SqlLedger::Announce(WriteBatch& batch, std::vector<Result<std::int64_t>>& ids) {
  // Every intent is open before the first callback, whose consumer may complete any of them.
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!ids[i].ok()) continue;
    const bool open = RunGuarded("ledger_exception", [&] { open_.Add(*ids[i], batch.intents[i].intent); });
    // Written, but its outcome could not be: nothing may be signed.
    if (!open) ids[i] = Unavailable("exception").WithReason("exception");
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    ++(ids[i].ok() ? intents_ : refused_);
    const Intent& intent = batch.intents[i].intent;
    if (!Tell(batch.intents[i], ids[i].ok() ? Ok() : Status(std::move(ids[i].error())))) {
      Leave(intent.issuer, intent.serial);
    }
  }
  EndCallbacks(batch);
}

// One that throws keeps no other from its answer; its own comes when its deadline passes.
bool SqlLedger::Tell(const QueuedIntent& queued, Status status) {
  return RunGuarded("ledger_exception", [&] { queued.durable(std::move(status)); });
}

void SqlLedger::EndCallbacks(const WriteBatch& batch) {
  if (!batch.intents.empty() && batch_done_) RunGuarded("ledger_exception", batch_done_);
}

void SqlLedger::Refuse(WriteBatch& batch, const Error& error) {
  refused_ += batch.intents.size();
  for (const QueuedIntent& queued : batch.intents) {
    RunGuarded("ledger_exception", [&] { queued.durable(Error(error).WithCode(Code::kUnavailable).Within("ledger")); });
  }
  EndCallbacks(batch);
}

void SqlLedger::KeepForLater(WriteBatch&& batch) {
  batch.intents.clear();
  if (batch.outcomes.empty()) {
    queue_.Done(batch.through);
    return;
  }
  const std::size_t lost = queue_.Return(std::move(batch));
  if (lost != 0) log::Failure("ledger_outcomes_lost", {{"count", lost}, {"listed_as", "possibly issued"}});
}

void SqlLedger::SetHealth(Status health) {
  const MutexLock lock(health_mutex_);
  if (health.ok() && !health_.ok()) log::Warning("ledger_writes_again");
  if (!health.ok() && health_.ok()) log::Failure("ledger_not_written", {{"error", health.error().ToString()}});
  health_ = std::move(health);
}

Result<std::optional<LedgerEntry>> SqlLedger::Find(const RetryKey& key, std::int64_t since) {
  const auto issued = window_.Find(RetryHash(key), since);
  if (!issued) return std::optional<LedgerEntry>();
  RK_TRY(auto entry, finder_->ById(issued->id));
  if (!entry) return std::optional<LedgerEntry>();
  const Intent& intent = entry->intent;
  if (intent.caller != key.caller || intent.csr_sha256 != key.csr_sha256 || intent.sans != key.sans ||
      intent.authority != key.authority) {
    return std::optional<LedgerEntry>();
  }
  if (issued->unwritten) {
    entry->status = issued->unwritten->status;
    entry->certificate = JoinCertificate(intent.tbs, issued->unwritten->tail);
    entry->completed_at = issued->unwritten->completed_at;
  }
  return entry;
}

Result<std::vector<LedgerEntry>> SqlLedger::List(const LedgerFilter& filter) { return lister_->List(filter); }

Status SqlLedger::Flush(Deadline deadline) { return queue_.Flush(deadline); }

Status SqlLedger::Health() const {
  const MutexLock lock(health_mutex_);
  return health_;
}

LedgerStats SqlLedger::Stats() const {
  LedgerStats stats;
  stats.intents = intents_;
  stats.refused = refused_;
  stats.outcomes = outcomes_;
  stats.commits = commits_;
  stats.failed_commits = failed_commits_;
  stats.queued = queue_.waiting_intents();
  stats.in_flight = open_.size();
  stats.possibly_issued = possibly_issued_;
  return stats;
}

}  // namespace rootkeep
