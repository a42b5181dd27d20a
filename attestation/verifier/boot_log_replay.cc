#include "attestation/verifier/boot_log_replay.h"

#include <fmt/format.h>

#include "attestation/verifier/boot_log_reasons.h"
#include "attestation/verifier/boot_log_rules.h"

namespace rootkeep::attestation {
namespace {

Error Bad(std::string_view reason, std::string message) {
  return InvalidArgument(std::move(message)).WithReason(reason);
}

// TPM2_PCR_Extend (Part 3 §22.2).
Result<Bytes> Extend(Algorithm bank, const Bytes& value, const Bytes& digest) {
  Bytes both = value;
  both.insert(both.end(), digest.begin(), digest.end());
  return TpmHash(bank, both);
}

Result<Bytes> Replay(Algorithm bank, const Extensions& extensions) {
  Bytes value = extensions.start;
  for (const Bytes& digest : extensions.digests) {
    RK_TRY(value, Extend(bank, value, digest));
  }
  return value;
}

// How many extensions lead to `value`, when some do.
Result<std::optional<std::size_t>> ReachedAfter(Algorithm bank, const Extensions& extensions, const Bytes& value) {
  Bytes reached = extensions.start;
  for (std::size_t i = 0; i < extensions.digests.size(); ++i) {
    if (reached == value) return std::optional(i);
    RK_TRY(reached, Extend(bank, reached, extensions.digests[i]));
  }
  return std::optional<std::size_t>();
}

Status CheckOne(const BootLog& log, Algorithm bank, const PcrValue& quoted) {
  RK_TRY(const Extensions extensions, ExtensionsOf(log, bank, quoted.index));
  RK_TRY(const Bytes value, Replay(bank, extensions));
  if (value == quoted.digest) return Ok();
  RK_TRY(const auto reached, ReachedAfter(bank, extensions, quoted.digest));
  const std::string how = reached
                              ? fmt::format("it had that after {} of {} events", *reached, extensions.digests.size())
                              : "no part of the log gives that";
  return Bad(reason::kBootLogReplay, fmt::format("the boot log gives PCR {} the value {}, quoted was {}: {}",
                                                 quoted.index, ToHex(value), ToHex(quoted.digest), how));
}

}  // namespace

Result<Extensions> ExtensionsOf(const BootLog& log, Algorithm bank, std::uint8_t pcr) {
  const std::optional<std::size_t> at = BankIndex(log, bank);
  if (!at) return Bad(reason::kBootLogBank, fmt::format("the boot log has no bank {}", AlgorithmName(bank)));
  Extensions extensions{.start = Bytes(HashSize(bank))};
  if (pcr == 0) {
    RK_TRY(extensions.start.back(), StartupLocality(log));
  }
  for (const BootEvent& event : log.events) {
    if (event.pcr == pcr && event.type != EventType::kNoAction) extensions.digests.push_back(event.digests[*at]);
  }
  return extensions;
}

Result<std::array<Bytes, kStaticPcrCount>> ReplayBootLog(const BootLog& log, Algorithm bank) {
  std::array<Bytes, kStaticPcrCount> values;
  for (std::uint8_t pcr = 0; pcr < kStaticPcrCount; ++pcr) {
    RK_TRY(const Extensions extensions, ExtensionsOf(log, bank, pcr));
    RK_TRY(values[pcr], Replay(bank, extensions));
  }
  return values;
}

bool IsAccountedFor(std::uint8_t pcr) { return pcr <= 9 || pcr == 14; }

Status CheckReplay(const BootLog& log, Algorithm bank, const std::vector<PcrValue>& quoted) {
  for (const PcrValue& value : quoted) {
    if (IsAccountedFor(value.index)) RK_RETURN_IF_ERROR(CheckOne(log, bank, value));
  }
  return Ok();
}

Result<BootLog> VerifyBootLog(ByteView log, Algorithm bank, const std::vector<PcrValue>& quoted) {
  RK_TRY(BootLog parsed, ParseBootLog(log));
  RK_RETURN_IF_ERROR(CheckBootLog(parsed));
  RK_RETURN_IF_ERROR(CheckReplay(parsed, bank, quoted));
  return parsed;
}

}  // namespace rootkeep::attestation
