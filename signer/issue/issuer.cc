#include "signer/issue/issuer.h"

#include <algorithm>
#include <utility>

#include "keystore/base/log.h"
#include "signer/certificate/certificate.h"
#include "signer/csr/csr.h"
#include "signer/lint/lint.h"

namespace rootkeep {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds kFlushAtEnd{30};
// For who comes while too much is under way, though nothing waits for the key: the disk may be what is slow.
constexpr std::chrono::milliseconds kShortestWait{100};

Intent BeginIntent(const Caller& caller, const IssuanceRequest& request, const Authority& authority) {
  Intent intent;
  intent.request_id = request.request_id;
  intent.authority = authority.name();
  intent.issuer = authority.certificate_fingerprint();
  intent.trust_domain = authority.trust_domain();
  intent.caller = Describe(caller.identities);
  intent.auth_method = AuthMethodName(caller.method);
  intent.authenticator = caller.authenticator;
  intent.credential_id = caller.credential_id;
  intent.node = caller.node;
  intent.attested_node = caller.attested_node;
  intent.attestation = caller.attestation;
  intent.peer = caller.peer;
  return intent;
}

void AddDecision(Intent& intent, const Decision& decision) {
  intent.profile = ProfileName(decision.profile.kind);
  intent.decision = decision.rule;
  intent.sans = Describe(decision.sans);
  intent.not_before = ToUnixSeconds(decision.not_before);
  intent.not_after = ToUnixSeconds(decision.not_after);
}

IssuerTerms TermsOf(const Authority& authority) {
  return {.profile = authority.workload_profile(),
          .validity = {authority.not_before(), authority.not_after(), authority.chain_not_after()},
          .ca_names = authority.ca_names(),
          .room_below = authority.room_below()};
}

Result<std::string> HexDigest(ByteView bytes) {
  RK_TRY(const Bytes digest, Digest(Hash::kSha256, bytes));
  return ToHex(digest);
}

// What `work` throws is its failure. The text is so short that no memory is needed for it.
template <typename Work>
Status Guarded(const Work& work) {
  try {
    return work();
  } catch (...) {
    return Unavailable("exception").WithReason("exception");
  }
}

}  // namespace

struct Issuer::Candidate {
  Ask& ask;
  std::shared_ptr<const Authority> authority;
  std::shared_ptr<const Policy> policy;
  Grant grant;
  Csr csr;
};

struct Issuer::Draft {
  std::shared_ptr<const Authority> authority;
  Decision decision;
  Intent intent;
  Priority priority = Priority::kIssuance;
};

Issuer::Issuer(Parts parts, IssuerOptions options) : parts_(parts), options_(options), watch_(options.max_in_flight) {
  parts_.ledger.SetBatchDone([this] { WakeLanes(); });
}

Issuer::~Issuer() {
  // The ledger still calls back for what it has queued, however long the disk takes; nothing may come after this object
  // is gone.
  for (;;) {
    const Status flushed = parts_.ledger.Flush(After(kFlushAtEnd));
    if (flushed.ok()) return;
    log::Failure("ledger_not_flushed", {{"detail", flushed.error().ToString()}});
  }
}

std::size_t Issuer::BestBatch() { return BestProofBatch(); }

void Issuer::Issue(std::span<Ask> asks) {
  std::vector<Candidate> candidates;
  for (Ask& ask : asks) {
    Status examined = Guarded([&]() -> Status {
      RK_TRY(Candidate candidate, Examine(ask));
      candidates.push_back(std::move(candidate));
      return Ok();
    });
    if (!examined.ok()) ask.done(std::move(examined).error());
  }
  std::vector<Status> proofs;
  const Status proved = Guarded([&] {
    proofs = Prove(candidates);
    return Ok();
  });
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    Candidate& candidate = candidates[i];
    Status settled = Guarded([&]() -> Status {
      // What was thrown while they were checked together may be another's.
      RK_RETURN_IF_ERROR(proved.ok() ? std::move(proofs[i]) : VerifyProofOfPossession(candidate.csr));
      return Settle(candidate);
    });
    if (!settled.ok()) candidate.ask.done(std::move(settled).error());
  }
}

// Whoever is granted is answered; for the others the reason is returned.
Status Issuer::Settle(Candidate& candidate) {
  RK_TRY(Draft draft, Prepare(candidate));
  RK_TRY(std::optional<Issued> earlier, FindEarlier(draft));
  Ask& ask = candidate.ask;
  if (!earlier) return Submit(std::move(draft), ask.deadline, ask.came_at, ask.done);
  ask.done(*std::move(earlier));
  return Ok();
}

void Issuer::IssueDecided(const Caller& caller, const IssuanceRequest& request, Decision decision, Deadline deadline,
                          IssueDone done) {
  Status submitted = Guarded([&]() -> Status {
    auto authority = parts_.authorities.FindSigning(request.authority);
    if (authority == nullptr) return Unavailable("no authority is loaded").WithReason("no_authority");
    decision.not_before = std::max(decision.not_before, authority->not_before());
    decision.not_after = std::min(decision.not_after, authority->not_after());
    Draft draft{authority, std::move(decision), BeginIntent(caller, request, *authority), Priority::kInteractive};
    AddDecision(draft.intent, draft.decision);
    return Submit(std::move(draft), deadline, SteadyClock::now(), done);
  });
  if (!submitted.ok()) done(std::move(submitted).error());
}

Result<Issuer::Candidate> Issuer::Examine(Ask& ask) {
  // Who names no authority gets the one of its own trust domain.
  auto authority = ask.request.authority.empty() ? parts_.authorities.FindByTrustDomain(ask.caller.trust_domain)
                                                 : parts_.authorities.FindSigning(ask.request.authority);
  if (authority == nullptr) return Unavailable("no authority is loaded").WithReason("no_authority");
  auto policy = parts_.policy.Get();
  RK_TRY(auto grant, DecideGrant(ask.caller, ask.request, authority->trust_domain(), *policy));
  const auto parse_at = SteadyClock::now();
  RK_TRY(Csr csr, ask.request.csr_der.empty() ? ParseCsr(ask.request.csr_pem) : ParseCsrDer(ask.request.csr_der));
  parts_.metrics.Observe(Stage::kParse, SteadyClock::now() - parse_at);
  return Candidate{ask, std::move(authority), std::move(policy), std::move(grant), std::move(csr)};
}

std::vector<Status> Issuer::Prove(std::span<const Candidate> candidates) {
  std::vector<const Csr*> csrs;
  csrs.reserve(candidates.size());
  for (const Candidate& candidate : candidates) csrs.push_back(&candidate.csr);
  const auto proof_at = SteadyClock::now();
  std::vector<Status> proofs = VerifyProofsOfPossession(csrs);
  const auto took = SteadyClock::now() - proof_at;
  for (const Status& proof : proofs) {
    if (proof.ok()) parts_.metrics.Observe(Stage::kProof, took / proofs.size());
  }
  return proofs;
}

Result<Issuer::Draft> Issuer::Prepare(Candidate& candidate) {
  const Ask& ask = candidate.ask;
  const Authority& authority = *candidate.authority;
  RK_TRY(Decision decision, Decide(std::move(candidate.grant), ask.request, candidate.csr, TermsOf(authority),
                                   *candidate.policy, parts_.clock.Now()));
  Draft draft{candidate.authority, std::move(decision), BeginIntent(ask.caller, ask.request, authority)};
  AddDecision(draft.intent, draft.decision);
  RK_TRY(draft.intent.csr_sha256, HexDigest(candidate.csr.der));
  return draft;
}

Result<std::optional<Issued>> Issuer::FindEarlier(const Draft& draft) {
  const std::int64_t since = ToUnixSeconds(parts_.clock.Now() - options_.retry_window);
  const Intent& asked = draft.intent;
  RK_TRY(const auto entry, parts_.ledger.Find({asked.caller, asked.csr_sha256, asked.sans, asked.authority}, since));
  if (!entry) return std::optional<Issued>();
  const Intent& earlier = entry->intent;
  // A reload may have brought another issuer, profile or rule since, and the client may want another lifetime. Fresh
  // evidence of a node gets a certificate of its own, because the entry says which was shown. How else the caller was
  // authenticated is not compared: a retry may come with another token.
  const bool same = earlier.issuer == asked.issuer && earlier.profile == asked.profile &&
                    earlier.attestation == asked.attestation && earlier.decision == asked.decision &&
                    earlier.not_after - earlier.not_before == asked.not_after - asked.not_before;
  if (!same) return std::optional<Issued>();
  log::Info("certificate_repeated", {{"request_id", draft.intent.request_id}, {"serial", earlier.serial}});
  return std::optional<Issued>(
      Issued{CertificatePem(entry->certificate), draft.authority, earlier.serial, FromUnixSeconds(earlier.not_after)});
}

Status Issuer::Submit(Draft draft, Deadline deadline, SteadyClock::time_point started_at, IssueDone& done) {
  const auto build_at = SteadyClock::now();
  const Authority& authority = *draft.authority;
  RK_TRY(const Bytes serial, NewSerial());
  RK_TRY(Bytes tbs, BuildTbs(draft.decision, authority.View(), serial));
  RK_RETURN_IF_ERROR(Lint(tbs, draft.decision, authority.View()));
  Intent& intent = draft.intent;
  intent.serial = ToHex(serial);
  RK_TRY(intent.spki_sha256, HexDigest(draft.decision.spki));
  intent.intended_at = ToUnixSeconds(parts_.clock.Now());
  intent.tbs = tbs;
  const auto record_at = SteadyClock::now();
  parts_.metrics.Observe(Stage::kBuild, record_at - build_at);

  SigningLane& lane = LaneOf(authority.name());
  // The agents of all nodes may share one identity.
  Share share{draft.priority, intent.caller + '\n' + intent.node};
  RK_TRY(std::shared_ptr<void> place, lane.Reserve(share, deadline));
  const auto job = std::make_shared<Job>(draft.authority, std::move(tbs), intent.serial, deadline, done);
  job->started_at = started_at;
  job->stage_at = record_at;
  job->not_after = draft.decision.not_after;
  job->place = std::move(place);
  job->share = std::move(share);
  Status queued = Guarded([&] { return Enqueue(job, std::move(intent), lane); });
  if (queued.ok()) return Ok();
  watch_.Remove(job);
  // Whoever claims the job answers; the deadline watch may have been first.
  if (!job->Claim()) return Ok();
  return queued;
}

Status Issuer::Enqueue(const std::shared_ptr<Job>& job, Intent intent, SigningLane& lane) {
  if (Status added = watch_.Add(job); !added.ok()) {
    return std::move(added).error().WithRetryAfter(std::max<std::chrono::nanoseconds>(lane.Backlog(), kShortestWait));
  }
  return parts_.ledger.Intend(std::move(intent),
                              [this, job, &lane](const Status& status) { OnDurable(status, job, lane); });
}

void Issuer::OnDurable(const Status& status, const std::shared_ptr<Job>& job, SigningLane& lane) {
  const auto now = SteadyClock::now();
  parts_.metrics.Observe(Stage::kRecord, now - job->stage_at);
  job->stage_at = now;
  if (status.ok()) {
    lane.Push(job);
    return;
  }
  Error error = Error(status.error()).WithCode(Code::kUnavailable).WithReason("ledger").Within("record the intent");
  // Last: until then the watch would answer for whatever throws.
  job->Answer(std::move(error));
  watch_.Remove(job);
}

void Issuer::WakeLanes() {
  const MutexLock lock(mutex_);
  for (const auto& [name, lane] : lanes_) lane->Wake();
}

SigningLane& Issuer::LaneOf(const std::string& authority) {
  const MutexLock lock(mutex_);
  if (const auto found = lanes_.find(authority); found != lanes_.end()) return *found->second;
  // Made first: where its threads cannot be started, nothing is left behind.
  auto lane = std::make_unique<SigningLane>(parts_.ledger, watch_, parts_.metrics,
                                            Places(options_.max_waiting, options_.max_waiting_each));
  return *lanes_.emplace(authority, std::move(lane)).first->second;
}

}  // namespace rootkeep
