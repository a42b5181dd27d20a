#include "signer/ledger/ledger.h"

namespace rootkeep {

std::string_view EntryStatusName(EntryStatus status) {
  switch (status) {
    case EntryStatus::kPossiblyIssued: return "possibly issued";
    case EntryStatus::kIssued: return "issued";
    case EntryStatus::kFailed: return "failed";
  }
  return "unknown";
}

}  // namespace rootkeep
