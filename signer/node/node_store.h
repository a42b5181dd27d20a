// Nodes, their EKs and the certificates issued on their word, in the daemon's database.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "signer/node/node.h"
#include "signer/store/database.h"

namespace rootkeep {

// A TPM that waits for an operator to become a node's from now on.
struct BindingRequest {
  std::string ek_sha256;
  std::string node;
  std::string tpm;   // as Node::tpm
  std::string peer;  // where it came from last
  std::int64_t asked_at = 0;
  std::int64_t seen_at = 0;  // Unix seconds, of the last right evidence of it
};

// The numbers are stored.
enum class NodeCertificateStatus : std::uint8_t {
  kAsked = 0,  // before the issuer was: until it says otherwise, one may exist, and the ledger knows
  kIssued = 1,
  kNotIssued = 2,
};

struct NodeCertificate {
  std::int64_t id = 0;
  std::string node;
  std::string attestation;
  std::string request_id;  // in the ledger
  std::string serial;      // lower-case hexadecimal; empty unless issued
  NodeCertificateStatus status = NodeCertificateStatus::kAsked;
  std::int64_t asked_at = 0;   // Unix seconds
  std::int64_t not_after = 0;  // Unix seconds; as asked for until it is issued
};

// What firmware measured when a node's PCRs were last accepted, to compare with when they are not.
struct NodeBootLog {
  std::string pcrs;  // as NodeEvidence::pcrs
  Bytes log;         // as the node sent it
};

// How nodes stand at some moment.
struct NodeStandings {
  // By StandingOf and Node::reason: every standing there is without a reason, and each reason that some node has.
  std::map<std::pair<std::string_view, std::string>, std::size_t> counts;
  // Unix seconds, of nodes that are attested; 0 without one.
  std::int64_t newest_evidence = 0;
  std::int64_t first_end = 0;  // of an attestation that still holds
  // Of those whose attestation still holds, by group: the last evidence of the one whose is oldest.
  std::map<std::string, std::int64_t> oldest_evidence;
};

// One line of a node's history.
struct NodeEvent {
  std::int64_t at = 0;  // Unix seconds
  std::string node;
  std::string state;   // NodeStateName after it, "binding requested", "bound", "binding denied" or "removed"
  std::string detail;  // reason or explanation
  std::string by;      // "service", or the operator's user name
};

// Thread-safe: one thing at a time, each change one transaction with its line in the history. Several processes may
// have it open: the daemon, and `rootkeep node` beside it. Errors of the database as store::Database.
class NodeStore {
 public:
  // How a node is after a change; an error leaves it as it was.
  using Change = std::function<Result<Node>(Node)>;

  static constexpr std::size_t kMaxWaiting = 10'000;       // nodes held, and as many binding requests
  static constexpr std::size_t kMaxUnvouched = 1'000;      // of each, TPMs that no manufacturer vouches for
  static constexpr std::size_t kMaxRivals = 16;            // binding requests for one node
  static constexpr std::string_view kService = "service";  // who changed what no operator did

  // The schema must be there: the daemon's ledger has brought it.
  static Result<std::unique_ptr<NodeStore>> Open(const std::string& database_path);
  // To look only; NOT_FOUND when there is no database.
  static Result<std::unique_ptr<NodeStore>> Look(const std::string& database_path);

  Result<std::optional<Node>> Find(std::string_view id);
  Result<std::optional<Node>> FindByEk(std::string_view ek_sha256);
  // By id.
  Result<std::vector<Node>> List();
  // At `now`, Unix seconds.
  Result<NodeStandings> Standings(std::int64_t now);
  Result<std::vector<BindingRequest>> BindingRequests();
  // Newest first.
  Result<std::vector<NodeCertificate>> Certificates(std::string_view node);
  Result<std::optional<NodeBootLog>> BootLog(std::string_view node);
  Result<std::vector<NodeEvent>> History(std::string_view node, std::size_t limit);

  // ALREADY_EXISTS with reason "db_unique" when the id or the EK is taken; RESOURCE_EXHAUSTED with reason
  // "node_waiting" when it is to be held and too many are.
  Status Insert(const Node& node, std::int64_t now);
  // What is written in the same transaction; null for nothing.
  struct Along {
    NodeCertificate* certificate;  // is asked for, and gets its id
    const NodeBootLog* boot_log;   // takes the place of the one there is
  };
  // A node that was not there.
  struct Newcomer {
    Node node;
    std::optional<Node> instead_of;  // takes the id of this one, which is held and was never approved
  };
  // As Insert and Update in one: a newcomer whose first change is refused is not there.
  Result<Node> Enrol(const Newcomer& newcomer, const Change& first, std::int64_t now, const Along& along);
  // The node as it is now; NOT_FOUND with reason "node_unknown" without it.
  Result<Node> Update(std::string_view id, const Change& change, std::string_view by, std::int64_t now,
                      const Along& along = {nullptr, nullptr});
  // With its binding requests and boot log. What was issued on its word, and its history, stay.
  Status Remove(std::string_view id, std::string_view by, std::int64_t now);

  // Notes that this EK wants to be the node's; once more is no new request. RESOURCE_EXHAUSTED "node_waiting".
  Status RequestBinding(const BindingRequest& request);
  // The node gets this EK instead of its own, and is approved; whichever node had the EK has none then. NOT_FOUND with
  // reason "binding_unknown" where this EK does not ask to be this node's.
  Result<Node> Bind(std::string_view id, std::string_view ek_sha256, std::string_view by, std::int64_t now);
  Status DenyBinding(std::string_view id, std::string_view ek_sha256, std::string_view by, std::int64_t now);

  // What became of a certificate that was asked for. `serial` is empty when it was not issued.
  Status Complete(std::int64_t certificate, std::string_view serial, std::int64_t not_after);

 private:
  explicit NodeStore(std::unique_ptr<store::Database> database) : database_(std::move(database)) {}

  Mutex mutex_;
  std::unique_ptr<store::Database> database_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep
