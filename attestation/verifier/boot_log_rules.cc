#include "attestation/verifier/boot_log_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "attestation/verifier/boot_log_reasons.h"
#include "attestation/verifier/secure_boot.h"

namespace rootkeep::attestation {
namespace {

constexpr std::string_view kLocalitySignature{"StartupLocality\0", 16};

Error Bad(std::string_view reason, std::string message) {
  return InvalidArgument(std::move(message)).WithReason(reason);
}

Status CheckTypes(const BootLog& log) {
  for (const BootEvent& event : log.events) {
    if (BelongsInPcr(event.type, event.pcr)) continue;
    return Bad(reason::kBootLogType,
               fmt::format("{} does not belong in PCR {} of a boot log", EventTypeName(event.type), event.pcr));
  }
  return Ok();
}

Result<bool> IsDigestOf(const BootEvent& event, std::size_t bank, Algorithm hash) {
  RK_TRY(const Bytes whole, TpmHash(hash, event.data));
  if (whole == event.digests[bank]) return true;
  // Old shims log one octet more than they measure.
  if (event.type != EventType::kVariableAuthority || event.data.empty()) return false;
  RK_TRY(const Bytes shorter, TpmHash(hash, ByteView(event.data).first(event.data.size() - 1)));
  return shorter == event.digests[bank];
}

Status CheckDigests(const BootLog& log) {
  for (const BootEvent& event : log.events) {
    if (!MeasuresItsData(event.type)) continue;
    for (std::size_t bank = 0; bank < log.banks.size(); ++bank) {
      RK_TRY(const bool measured, IsDigestOf(event, bank, log.banks[bank]));
      if (measured) continue;
      return Bad(reason::kBootLogDigest, fmt::format("{} in PCR {} of the boot log is not what was measured",
                                                     EventTypeName(event.type), event.pcr));
    }
  }
  return Ok();
}

Status CheckSeparators(const BootLog& log) {
  constexpr std::size_t kFirmwarePcrs = 8;
  std::array<int, kFirmwarePcrs> separators{};
  for (const BootEvent& event : log.events) {
    if (event.type != EventType::kSeparator || event.pcr >= kFirmwarePcrs) continue;
    if (event.data != Bytes(4)) {
      return Bad(reason::kBootLogSeparator,
                 fmt::format("the separator of PCR {} says that firmware failed", event.pcr));
    }
    ++separators[event.pcr];
  }
  for (std::size_t pcr = 0; pcr < kFirmwarePcrs; ++pcr) {
    if (separators[pcr] == 1) continue;
    return Bad(reason::kBootLogSeparator,
               fmt::format("PCR {} of the boot log has {} separators", pcr, separators[pcr]));
  }
  return Ok();
}

bool IsLocality(const BootEvent& event) {
  return event.type == EventType::kNoAction && AsText(event.data).starts_with(kLocalitySignature);
}

}  // namespace

Result<std::uint8_t> StartupLocality(const BootLog& log) {
  std::optional<std::uint8_t> locality;
  bool extended = false;
  for (const BootEvent& event : log.events) {
    if (event.pcr == 0 && event.type != EventType::kNoAction) extended = true;
    if (!IsLocality(event)) continue;
    const bool well_formed = event.pcr == 0 && event.data.size() == kLocalitySignature.size() + 1;
    if (!well_formed || locality || extended) {
      return Bad(reason::kBootLogLocality, "the boot log's StartupLocality is malformed, there twice or too late");
    }
    locality = event.data.back();
  }
  if (locality && *locality != 0 && *locality != 3 && *locality != 4) {
    return Bad(reason::kBootLogLocality, fmt::format("no TPM is started from locality {}", *locality));
  }
  return locality.value_or(0);
}

Status CheckBootLog(const BootLog& log) {
  RK_RETURN_IF_ERROR(CheckTypes(log));
  RK_RETURN_IF_ERROR(CheckDigests(log));
  RK_RETURN_IF_ERROR(CheckSeparators(log));
  RK_RETURN_IF_ERROR(StartupLocality(log));
  RK_RETURN_IF_ERROR(ReadSecureBoot(log));
  return Ok();
}

}  // namespace rootkeep::attestation
