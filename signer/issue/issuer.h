// The one way to a certificate: every front door ends in Issue (architecture §4).
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "keystore/base/mutex.h"
#include "keystore/base/snapshot.h"
#include "signer/authority/authority_set.h"
#include "signer/caller.h"
#include "signer/issuance.h"
#include "signer/issue/deadline_watch.h"
#include "signer/issue/job.h"
#include "signer/issue/signing_lane.h"
#include "signer/ledger/ledger.h"
#include "signer/metrics/metrics.h"
#include "signer/policy/policy.h"

namespace rootkeep {

struct IssuerOptions {
  std::size_t max_in_flight = 4096;  // beyond it: RESOURCE_EXHAUSTED
  unsigned max_waiting = 8192;       // for one authority's key, answered or not; beyond it: RESOURCE_EXHAUSTED
  unsigned max_waiting_each = 1024;  // of these for one caller on one node
  // Same caller, CSR and decision within it, once the first was issued: the same certificate.
  std::chrono::seconds retry_window{60};
};

// Thread-safe. Parses, decides, builds and lints on the calling thread; the record, the signature and the answer
// happen on threads of its own.
class Issuer {
 public:
  // All of these outlive the issuer.
  struct Parts {
    const AuthoritySet& authorities;
    const Snapshot<Policy>& policy;
    Ledger& ledger;
    Metrics& metrics;
    const Clock& clock;
  };

  Issuer(Parts parts, IssuerOptions options);
  ~Issuer();
  Issuer(const Issuer&) = delete;
  Issuer& operator=(const Issuer&) = delete;

  // One request, and who gets its answer.
  struct Ask {
    Caller caller;
    IssuanceRequest request;
    Deadline deadline;
    IssueDone done;  // throws nothing
    std::chrono::steady_clock::time_point came_at = std::chrono::steady_clock::now();
  };

  // How many requests are best brought at once (BestProofBatch).
  static std::size_t BestBatch();

  // Each `done` is called exactly once, on this thread or another, no later than its deadline plus
  // DeadlineWatch::kPeriod. Errors: those of csr, policy, lint, Signer and SigningLane::Reserve; UNAVAILABLE with
  // reason "deadline", "no_authority", "ledger", or "exception" for what a library threw, for want of memory, say,
  // which is the failure of that request alone; RESOURCE_EXHAUSTED "overload" and those of Ledger::Intend. Whoever is
  // refused with RESOURCE_EXHAUSTED is told when to try again.
  void Issue(std::span<Ask> asks);

  // The same for a decision that was made elsewhere (the daemon's own serving certificate). Its validity is kept
  // inside the issuer's.
  void IssueDecided(const Caller& caller, const IssuanceRequest& request, Decision decision, Deadline deadline,
                    IssueDone done);

  // Waits until every issuance under way has been answered, or the deadline passes; whether all were.
  bool Drain(Deadline deadline) { return watch_.WaitUntilEmpty(deadline); }
  [[nodiscard]] std::size_t in_flight() const { return watch_.size(); }

 private:
  struct Candidate;  // a request that may be granted, if it proves possession
  struct Draft;      // a decision with what is recorded about how it came about

  Result<Candidate> Examine(Ask& ask);
  std::vector<Status> Prove(std::span<const Candidate> candidates);
  Status Settle(Candidate& candidate);
  Result<Draft> Prepare(Candidate& candidate);
  Result<std::optional<Issued>> FindEarlier(const Draft& draft);
  Status Enqueue(const std::shared_ptr<Job>& job, Intent intent, SigningLane& lane);
  Status Submit(Draft draft, Deadline deadline, std::chrono::steady_clock::time_point started_at, IssueDone& done);
  void WakeLanes();
  SigningLane& LaneOf(const std::string& authority);
  void OnDurable(const Status& status, const std::shared_ptr<Job>& job, SigningLane& lane);

  const Parts parts_;
  const IssuerOptions options_;
  DeadlineWatch watch_;
  Mutex mutex_;
  std::map<std::string, std::unique_ptr<SigningLane>> lanes_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep
