// The record that comes first: an intent is durable before the hardware is asked, the certificate follows.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "keystore/base/result.h"

namespace rootkeep {

// Everything known before a signature exists. Text fields are UTF-8 and bounded by their sources.
struct Intent {
  std::string request_id;
  std::string authority;  // name
  std::string issuer;     // SHA-256 of the issuing certificate, lower-case hexadecimal
  std::string serial;     // lower-case hexadecimal of the positive serial, no leading zeros beyond DER's
  std::string trust_domain;
  std::string profile;
  std::string caller;  // Describe(caller.identities)
  std::string auth_method;
  std::string authenticator;
  std::string credential_id;
  std::string node;           // as the credential names it
  std::string attested_node;  // that carried the call; empty: none did
  std::string peer;
  std::string decision;     // the rule that allowed it
  std::string sans;         // Describe(decision.sans)
  std::string csr_sha256;   // lower-case hexadecimal of the DER request's digest
  std::string spki_sha256;  // lower-case hexadecimal
  std::string attestation;  // as the caller's; empty unless a node attested itself or an attested one carried the call
  std::int64_t not_before = 0;  // Unix seconds
  std::int64_t not_after = 0;
  std::int64_t intended_at = 0;
  Bytes tbs;  // the whole to-be-signed certificate, DER
};

// The numbers are stored.
enum class EntryStatus : std::uint8_t {
  kPossiblyIssued = 0,  // an intent without completion: after a crash nobody knows whether the signature left
  kIssued = 1,
  kFailed = 2,  // the token, the signature check or the deadline refused it; nothing was released
};

// "possibly issued", "issued", "failed".
std::string_view EntryStatusName(EntryStatus status);

struct LedgerEntry {
  std::int64_t id = 0;  // grows with time, unique in one database
  Intent intent;
  EntryStatus status = EntryStatus::kPossiblyIssued;
  Bytes certificate;    // DER; empty unless kIssued
  std::string failure;  // operator's text; empty unless kFailed
  std::int64_t completed_at = 0;
};

// What makes two requests the same one asked again.
struct RetryKey {
  std::string caller;      // as in Intent
  std::string csr_sha256;  // as in Intent
  std::string sans;        // as in Intent
  std::string authority;   // as in Intent
};

// Counters since the ledger was opened.
struct LedgerStats {
  std::uint64_t intents = 0;          // durable
  std::uint64_t refused = 0;          // by the database or as duplicates
  std::uint64_t outcomes = 0;         // written
  std::uint64_t commits = 0;          // of the database
  std::uint64_t failed_commits = 0;   // of the database
  std::size_t queued = 0;             // intents waiting now
  std::size_t in_flight = 0;          // durable intents without an outcome now
  std::uint64_t possibly_issued = 0;  // what the run before this one left without an outcome
};

inline constexpr std::size_t kLedgerPage = 10'000;

struct LedgerFilter {
  std::optional<EntryStatus> status;
  std::string serial;       // empty: any
  std::string request_id;   // empty: any
  std::string san;          // substring, either case; empty: any
  std::int64_t before = 0;  // only entries with a smaller id, for reading page by page; 0: any
  std::size_t limit = 100;  // entries; at most kLedgerPage are returned
};

// Thread-safe.
class Ledger {
 public:
  Ledger() = default;
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;
  virtual ~Ledger() = default;

  // Called once for each intent, on the ledger's thread, with all intents of one commit in a row; must not block. What
  // a library throws on the way (for want of memory, say) can leave one uncalled; that intent gets no outcome.
  using Durable = std::function<void(Status)>;

  // Queues the intent for the next group commit; `durable` gets Ok when it is on disk, ALREADY_EXISTS when (issuer,
  // serial) is taken, UNAVAILABLE when the database cannot be written: then nothing may be signed. RESOURCE_EXHAUSTED
  // here, with retry_after, when too many intents are queued or without outcome, INVALID_ARGUMENT when issuer, serial
  // or tbs is empty, and then `durable` is never called.
  virtual Status Intend(Intent intent, Durable durable) = 0;

  // Called on the ledger's thread after all durable callbacks of one commit, so that their consumer can take the
  // batch over as one. Set once, before the first Intend.
  virtual void SetBatchDone(std::function<void()> batch_done) = 0;

  // Queues the outcome of a durable intent; written with the next commit or some tens of milliseconds later, nobody
  // waits for it. Each durable intent gets exactly one. The certificate must be the intent's to-be-signed part with a
  // signature; any other is recorded as failed, with an error in the log.
  virtual void Complete(const std::string& issuer, const std::string& serial, Bytes certificate) = 0;
  virtual void Fail(const std::string& issuer, const std::string& serial, std::string failure) = 0;
  // Instead, where nobody knows the outcome: it stays possibly issued. Nothing when it has its outcome.
  virtual void Leave(const std::string& issuer, const std::string& serial) noexcept = 0;

  // The issued entry with the same key and intended_at >= since, for idempotent retry; nothing when there is none among
  // the recent ones. No SQL unless there is one.
  virtual Result<std::optional<LedgerEntry>> Find(const RetryKey& key, std::int64_t since) = 0;

  // Newest first.
  virtual Result<std::vector<LedgerEntry>> List(const LedgerFilter& filter) = 0;

  // Waits until everything queued so far is on disk; DEADLINE_EXCEEDED when that takes longer.
  virtual Status Flush(Deadline deadline) = 0;

  // Ok, or why the newest commit failed: then no certificate can be issued.
  [[nodiscard]] virtual Status Health() const = 0;
  [[nodiscard]] virtual LedgerStats Stats() const = 0;
};

}  // namespace rootkeep
