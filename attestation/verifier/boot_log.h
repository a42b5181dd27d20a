// The firmware's record of what it measured: the TCG crypto-agile event log (PFP §10), as Linux shows it in
// /sys/kernel/security/tpm0/binary_bios_measurements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "attestation/verifier/boot_event_type.h"
#include "attestation/wire/algorithm.h"
#include "keystore/base/result.h"

namespace rootkeep::attestation {

inline constexpr std::size_t kMaxBootEvents = 10'000;

struct BootEvent {
  std::uint8_t pcr = 0;  // below kPcrCount
  EventType type = EventType::kNoAction;
  std::vector<Bytes> digests;  // one for each of BootLog::banks, in that order
  Bytes data;

  friend bool operator==(const BootEvent&, const BootEvent&) = default;
};

struct BootLog {
  std::vector<Algorithm> banks;   // that were measured into; each once
  std::vector<BootEvent> events;  // as they happened, without the header

  friend bool operator==(const BootLog&, const BootLog&) = default;
};

// Reads the form and judges it alone; nothing in a log is true until VerifyBootLog (boot_log_replay.h) says so.
//
// INVALID_ARGUMENT "boot_log_size" above kMaxBootLogSize; "boot_log_header" without a Spec ID event of version 2.0 (a
// log in the older form, with SHA-1 only, has none); "boot_log_banks" for a hash function not known here, a wrong
// digest size, the same one twice; "boot_log_event" for an event that is cut off, has not one digest for each bank, or
// a PCR that is none; "boot_log_too_long" above kMaxBootEvents.
Result<BootLog> ParseBootLog(ByteView log);

// Where `bank` is in BootLog::banks.
std::optional<std::size_t> BankIndex(const BootLog& log, Algorithm bank);

}  // namespace rootkeep::attestation
