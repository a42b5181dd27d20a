// The service's part of one attestation, between the network and the database.
#pragma once

#include <memory>
#include <string>

#include "attestation/verifier/attempt.h"
#include "keystore/base/clock.h"
#include "keystore/base/snapshot.h"
#include "signer/caller.h"
#include "signer/issuance.h"
#include "signer/metrics/metrics.h"
#include "signer/node/node_rules.h"
#include "signer/node/node_store.h"
#include "signer/node/open_places.h"
#include "signer/node/rate_limit.h"
#include "signer/node/refusal_log.h"

namespace rootkeep {

struct NodeAttestorLimits {
  RateRule each_network{.per_minute = 600, .burst = 300};  // NetworkOf: a whole site may be behind one address
  RateRule each_tpm{.per_minute = 12, .burst = 6};  // from one network: an EK is public, and anybody may claim it
  unsigned open_attempts = 256;                     // OpenPlaces
};

// Where an attempt comes from and what names it. For records but for `server_identity`.
struct NodeCall {
  std::string peer;  // as gRPC prints it
  std::string request_id;
  Bytes server_identity;  // SHA-256 of the TLS certificate that the service showed
};

// An attempt that was challenged. Judged once, or dropped.
class NodeAttempt {
 public:
  [[nodiscard]] const attestation::AttestChallenge& challenge() const { return challenge_; }
  // Names the attempt in log, ledger and database: the session id in hexadecimal.
  [[nodiscard]] std::string id() const { return ToHex(challenge_.session_id); }
  // Whether the EK that it is about is a known node's; whoever sent it has not proved to have that.
  [[nodiscard]] bool known() const { return admission_.kind == Admission::Kind::kKnown; }

 private:
  friend class NodeAttestor;
  NodeAttempt(attestation::Attempt attempt, Admission admission, std::shared_ptr<const NodeRules> rules, NodeCall call,
              std::shared_ptr<OpenPlaces::Place> place)
      : attempt_(std::move(attempt)),
        admission_(std::move(admission)),
        rules_(std::move(rules)),
        call_(std::move(call)),
        place_(std::move(place)) {}

  attestation::Attempt attempt_;
  const Admission admission_;
  const std::shared_ptr<const NodeRules> rules_;
  const NodeCall call_;
  const std::shared_ptr<OpenPlaces::Place> place_;
  Arrival arrival_;
  std::string group_;
  attestation::AttestChallenge challenge_;
};

struct NodeVerdict {
  enum class Kind : std::uint8_t { kAttested, kHeld, kRefused, kRepeat };
  Kind kind = Kind::kRefused;
  std::string reason;       // a word, for the record; of kHeld also for the node
  std::string explanation;  // for the record
  std::string generation;   // of PCR values that matched
  // Only of kAttested: whose certificate to ask for, and where its outcome belongs.
  Caller caller;
  IssuanceRequest request;
  std::int64_t certificate = 0;
  WallTime until;
};

// Thread-safe. Blocks on the database, and a verdict takes about a millisecond of a processor: not for threads that
// others wait for.
class NodeAttestor {
 public:
  // All outlive the attestor.
  struct Parts {
    NodeStore& nodes;
    const Snapshot<NodeRules>& rules;
    Metrics& metrics;
    const Clock& clock;
  };

  explicit NodeAttestor(Parts parts, NodeAttestorLimits limits = {});

  // Somebody is there: RESOURCE_EXHAUSTED "rate" when it comes from where too many came from. Takes no time, and goes
  // before everything that does.
  Status Arrive(std::string_view peer);

  // Who may prove itself is challenged; nothing is written. Errors, each counted and, as far as its RefusalLog goes,
  // logged: RESOURCE_EXHAUSTED "rate" or "attempts"; those of Attempt::Begin and Challenge and of DecideEnrolment;
  // INVALID_ARGUMENT "node_id"; FAILED_PRECONDITION "node_group" for a node whose group is configured no more; those of
  // the database.
  Result<std::unique_ptr<NodeAttempt>> Begin(attestation::AttestInit init, NodeCall call);

  // The verdict, once it is in the database, counted and logged. An error is the database's, or RESOURCE_EXHAUSTED
  // "node_waiting", or ABORTED "node_changed" when somebody changed the node meanwhile: nothing was decided then.
  Result<NodeVerdict> Judge(std::unique_ptr<NodeAttempt> attempt, const attestation::AttestEvidence& evidence);

  // What became of the certificate. `serial` is empty when it was not issued. What cannot be written is logged; the
  // ledger has it all the same.
  void Complete(const NodeVerdict& verdict, const std::string& serial, WallTime not_after);

  [[nodiscard]] unsigned open_attempts() const { return places_.taken(); }
  // For lines about refusals before anything is proved, whoever refuses.
  [[nodiscard]] RefusalLog& refusals() { return refusals_; }

 private:
  Result<std::unique_ptr<NodeAttempt>> BeginUncounted(attestation::AttestInit init, const NodeCall& call);
  Result<Admission> Admit(const Arrival& arrival, const NodeRules& rules);
  // What the boot logs say of PCRs that are not as they should be; empty where there is none.
  std::string Explain(const attestation::Verdict& verdict, const std::string& node, attestation::Algorithm bank,
                      const attestation::AttestEvidence& evidence);
  Result<NodeVerdict> Decide(NodeAttempt& attempt, const attestation::AttestEvidence& evidence);
  void Record(const NodeAttempt& attempt, const NodeVerdict& verdict);

  const Parts parts_;
  const NodeAttestorLimits limits_;
  RateLimit networks_;
  RateLimit tpms_;
  OpenPlaces places_;
  RefusalLog refusals_;
};

}  // namespace rootkeep
