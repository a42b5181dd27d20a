// Which node a certificate is of, by the ledger and the node tables.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "signer/authn/digest_cache.h"
#include "signer/authn/node_registry.h"
#include "signer/ledger/entry_reader.h"
#include "signer/node/node_store.h"

namespace rootkeep {

// The node whose certificate `issued` is, at `now`; `node` is what the tables say about it. Refusals are
// UNAUTHENTICATED:
//   node_unknown          there is no such node any more
//   node_held, node_unproved, node_failed, node_denied, node_reenrol   its state
//   node_ek               it was issued on the word of another TPM, by the EK in `issued`
//   node_certificate_old  it was issued before the node last came to be attested
//   node_lapsed           its last evidence counts no longer
Result<NodeRegistry::Entry> JudgeRecordedNode(const Intent& issued, const std::optional<Node>& node, WallTime now);

// Counts a certificate as a node's if its very to-be-signed octets are in the ledger under profile "node" and were not
// recorded as refused: the peer's key is then the one that this CA certified, and nobody else can have such a
// certificate, whatever CAs clients are trusted by. Any other is "node_certificate_unknown".
//
// Two connections of its own that only read. What was found for a certificate holds for `remember_for`, so that every
// decision of an operator's takes effect within that time; refusals are not remembered. Thread-safe.
class RecordedNodes final : public NodeRegistry {
 public:
  static constexpr std::chrono::seconds kRememberFor{1};

  // Errors as OpenLedgerReadOnly and NodeStore::Look.
  static Result<std::unique_ptr<RecordedNodes>> Open(const std::string& database_path,
                                                     std::chrono::nanoseconds remember_for = kRememberFor);

  [[nodiscard]] Result<Entry> Find(const NodeLeaf& certificate, WallTime now) const override;

 private:
  struct Found {
    Intent issued;
    std::optional<Node> node;
    Deadline until;
  };

  RecordedNodes(std::unique_ptr<EntryReader> ledger, std::unique_ptr<NodeStore> nodes,
                std::chrono::nanoseconds remember_for)
      : ledger_(std::move(ledger)), nodes_(std::move(nodes)), remember_for_(remember_for) {}

  [[nodiscard]] Result<std::shared_ptr<const Found>> Look(const NodeLeaf& certificate) const;
  [[nodiscard]] Result<Intent> IssuedAs(const NodeLeaf& certificate) const;

  const std::unique_ptr<EntryReader> ledger_;
  const std::unique_ptr<NodeStore> nodes_;
  const std::chrono::nanoseconds remember_for_;
  mutable DigestCache<Found> found_{kCapacity};

  static constexpr std::size_t kCapacity = 16384;
};

}  // namespace rootkeep
