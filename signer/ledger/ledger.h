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
  std::string node;
  std::string peer;
  std::string decision;         // the rule that allowed it
  std::string sans;             // Describe(decision.sans)
  std::string csr_sha256;       // lower-case hexadecimal of the DER request's digest
  std::string spki_sha256;      // lower-case hexadecimal
  std::string attestation;      // empty until nodes attest
  std::int64_t not_before = 0;  // Unix seconds
  std::int64_t not_after = 0;
  std::int64_t intended_at = 0;
  Bytes tbs;  // the whole to-be-signed certificate, DER
};

enum class EntryStatus : std::uint8_t {
  kPossiblyIssued,  // an intent without completion: after a crash nobody knows whether the signature left
  kIssued,
  kFailed,  // the token, the signature check or the deadline refused it; nothing was released
};

// "possibly issued", "issued", "failed".
std::string_view EntryStatusName(EntryStatus status);

struct LedgerEntry {
  Intent intent;
  EntryStatus status = EntryStatus::kPossiblyIssued;
  Bytes certificate;    // DER; empty unless kIssued
  std::string failure;  // operator's text; empty unless kFailed
  std::int64_t completed_at = 0;
};

struct LedgerFilter {
  std::optional<EntryStatus> status;
  std::string serial;      // empty: any
  std::string request_id;  // empty: any
  std::string san;         // substring; empty: any
  std::size_t limit = 100;
};

// Thread-safe.
class Ledger {
 public:
  Ledger() = default;
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;
  virtual ~Ledger() = default;

  // Called once for each intent, on the ledger's thread, with all intents of one commit in a row; must not block.
  using Durable = std::function<void(Status)>;

  // Queues the intent for the next group commit; `durable` gets Ok when it is on disk, ALREADY_EXISTS when (issuer,
  // serial) is taken, UNAVAILABLE when the database cannot be written. RESOURCE_EXHAUSTED here when the queue is full,
  // and then `durable` is never called.
  virtual Status Intend(Intent intent, Durable durable) = 0;

  // Queues the outcome of an intent; written with the next commit, nobody waits for it.
  virtual void Complete(const std::string& issuer, const std::string& serial, Bytes certificate) = 0;
  virtual void Fail(const std::string& issuer, const std::string& serial, std::string failure) = 0;

  // The issued certificate (DER) for the same caller, CSR digest, sans and authority with intended_at >= since, for
  // idempotent retry; nothing when there is none.
  virtual Result<std::optional<LedgerEntry>> Find(const std::string& caller, const std::string& csr_sha256,
                                                  std::int64_t since) = 0;

  // Newest first.
  virtual Result<std::vector<LedgerEntry>> List(const LedgerFilter& filter) = 0;

  // Waits until everything queued so far is on disk, or the deadline passes.
  virtual Status Flush(Deadline deadline) = 0;
};

}  // namespace rootkeep
