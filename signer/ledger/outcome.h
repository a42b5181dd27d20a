// How an intent ended, as it is queued and stored. Internal to this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "keystore/base/bytes.h"
#include "signer/ledger/ledger.h"

namespace rootkeep {

struct Outcome {
  std::int64_t intent_id = 0;
  EntryStatus status = EntryStatus::kFailed;  // kIssued or kFailed
  Bytes tail;                                 // see certificate_tail.h; empty unless kIssued
  std::string failure;                        // empty unless kFailed
  std::int64_t completed_at = 0;              // Unix seconds

  // For RecentWindow; not stored.
  std::size_t retry_hash = 0;
  std::int64_t intended_at = 0;
};

using OutcomePtr = std::shared_ptr<const Outcome>;

}  // namespace rootkeep
