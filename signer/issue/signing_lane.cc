#include "signer/issue/signing_lane.h"

#include <algorithm>

#include "keystore/base/guard.h"
#include "signer/certificate/certificate.h"

namespace rootkeep {
namespace {

constexpr std::size_t kBatchLimit = 16;  // jobs a thread takes at once
// A slow device must not keep finished calls waiting for the rest of their batch.
constexpr std::chrono::milliseconds kDeliverEvery{2};

using SteadyClock = std::chrono::steady_clock;

}  // namespace

SigningLane::SigningLane(Ledger& ledger, DeadlineWatch& watch, Metrics& metrics, Places places)
    : ledger_(ledger), watch_(watch), metrics_(metrics), places_(std::move(places)) {
  for (Worker& worker : workers_) worker.batch.reserve(kBatchLimit);
  try {
    for (unsigned i = 0; i < kThreads; ++i) workers_[i].thread = std::jthread([this, i] { Run(i); });
  } catch (...) {
    Stop();  // those that were started wait to be told
    throw;
  }
}

SigningLane::~SigningLane() { Stop(); }

void SigningLane::Stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    for (Worker& worker : workers_) worker.wake.NotifyOne();
  }
  for (Worker& worker : workers_) {
    if (worker.thread.joinable()) worker.thread.join();
  }
}

Result<std::shared_ptr<void>> SigningLane::Reserve(const Share& share, Deadline deadline) {
  {
    const MutexLock lock(mutex_);
    const auto left = deadline - SteadyClock::now();
    if (left.count() <= 0) return Unavailable("the deadline passed before signing").WithReason("deadline");
    const auto all = [](const std::shared_ptr<Job>&) { return true; };
    if (TimeOf(queue_.size()) >= left && TimeOf(queue_.Ahead(share, all)) >= left) {
      return ResourceExhausted("so many certificates wait for this authority's key that the deadline passes before")
          .WithReason("queue_too_long")
          .WithRetryAfter(TimeOf(queue_.size()) - left);
    }
  }
  auto place = places_.Take(share.flow);
  if (!place.ok()) return std::move(place).error().WithRetryAfter(Backlog());
  return place;
}

std::chrono::nanoseconds SigningLane::Backlog() const {
  const MutexLock lock(mutex_);
  return TimeOf(queue_.size());
}

std::chrono::nanoseconds SigningLane::TimeOf(std::size_t jobs) const {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(each_ * static_cast<double>(jobs));
}

void SigningLane::Learn(std::size_t jobs, std::chrono::nanoseconds took) {
  const MutexLock lock(mutex_);
  // The others work at the same time.
  const auto working = std::ranges::count(workers_, false, &Worker::idle);
  const auto each = std::chrono::duration<double>(took) / static_cast<double>(jobs) / static_cast<double>(working);
  // A batch that hung says little about the next.
  each_ = each_.count() == 0 ? each : each_ + (std::min(each, 2 * each_) - each_) / 8;
}

void SigningLane::Push(std::shared_ptr<Job> job) {
  const MutexLock lock(mutex_);
  const Share& share = job->share;
  queue_.Push(share, std::move(job));
}

void SigningLane::Wake() {
  const MutexLock lock(mutex_);
  WakeOne();
}

unsigned SigningLane::Limit() const {
  return std::clamp(queue_.Any()->authority()->signer().Concurrency(), 1U, kThreads);
}

// Threads that are working take the next jobs by themselves; always the same few work, so that their caches stay warm.
void SigningLane::WakeOne() {
  if (queue_.empty()) return;
  for (unsigned i = 0; i < Limit(); ++i) {
    if (!workers_[i].idle) continue;
    workers_[i].idle = false;
    workers_[i].wake.NotifyOne();
    return;
  }
}

void SigningLane::Run(unsigned index) {
  Batch& batch = workers_[index].batch;
  while (Take(index, batch)) {
    if (!RunGuarded("signing_exception", [&] { Process(batch); })) Abandon(batch);
  }
}

bool SigningLane::Take(unsigned index, Batch& batch) {
  batch.clear();
  const MutexLock lock(mutex_);
  while (queue_.empty() || index >= Limit()) {
    // The first thread stays until the queue is empty.
    if (stopping_ && (index > 0 || queue_.empty())) return false;
    workers_[index].idle = true;
    workers_[index].wake.Wait(mutex_);
  }
  workers_[index].idle = false;
  const unsigned limit = Limit();
  const std::size_t share = std::clamp<std::size_t>((queue_.size() + limit - 1) / limit, 1, kBatchLimit);
  for (std::size_t i = 0; i < share; ++i) batch.push_back(queue_.Pop());
  WakeOne();
  return true;
}

void SigningLane::Process(const Batch& batch) {
  std::vector<Outcome> outcomes;
  outcomes.reserve(batch.size());
  const auto began = SteadyClock::now();
  auto delivered_at = began;
  for (const auto& job : batch) {
    outcomes.push_back({job, Sign(*job)});
    if (const auto now = SteadyClock::now(); now - delivered_at > kDeliverEvery) {
      Deliver(outcomes);
      delivered_at = now;
    }
  }
  Deliver(outcomes);
  Learn(batch.size(), SteadyClock::now() - began);
}

// Those already answered stay as they are; whether the others were signed is not known, and the ledger lists them so.
void SigningLane::Abandon(const Batch& batch) {
  for (const auto& job : batch) {
    ledger_.Leave(job->authority()->certificate_fingerprint(), job->serial());
    // So short that no memory is needed for it.
    job->Answer(Unavailable("exception").WithReason("exception"));
    watch_.Remove(job);
  }
}

Result<Issued> SigningLane::Sign(Job& job) {
  const Authority& authority = *job.authority();
  const auto began = SteadyClock::now();
  if (job.answered()) return Unavailable("the deadline passed before signing").WithReason("deadline");
  RK_TRY(const Bytes digest, Digest(SchemeHash(authority.scheme()), job.tbs()));
  SignTimes times;
  const SignOrder order{.deadline = job.deadline(), .share = job.share, .times = &times};
  auto made = authority.signer().SignFor(order, authority.scheme(), digest);
  const auto signed_at = SteadyClock::now();
  metrics_.Observe(Stage::kQueue, began - job.stage_at + times.queued);
  if (times.device.count() > 0) metrics_.Observe(Stage::kSign, times.device);
  RK_TRY(const Bytes signature, std::move(made));
  RK_RETURN_IF_ERROR(authority.checker().Check(digest, signature));
  Bytes certificate = AssembleCertificate(job.tbs(), authority.scheme(), signature);
  metrics_.Observe(Stage::kCheck, SteadyClock::now() - signed_at);
  if (job.answered()) return Unavailable("the deadline passed before release").WithReason("deadline");
  Issued issued{CertificatePem(certificate), job.authority(), job.serial(), job.not_after};
  ledger_.Complete(authority.certificate_fingerprint(), job.serial(), std::move(certificate));
  return issued;
}

// A job is claimed here and not when it was signed: while a later signature of the batch hangs, the deadline watch can
// still answer those that wait to be delivered. Their record then says issued, though the client never saw it.
void SigningLane::Deliver(std::vector<Outcome>& outcomes) {
  for (Outcome& outcome : outcomes) {
    Job& job = *outcome.job;
    if (outcome.result.ok()) {
      metrics_.Observe(Stage::kTotal, SteadyClock::now() - job.started_at);
    } else {
      ledger_.Fail(job.authority()->certificate_fingerprint(), job.serial(), outcome.result.error().ToString());
    }
    job.Answer(std::move(outcome.result));
    watch_.Remove(outcome.job);
  }
  outcomes.clear();
}

}  // namespace rootkeep
