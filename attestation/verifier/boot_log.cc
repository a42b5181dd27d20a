#include "attestation/verifier/boot_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "attestation/verifier/boot_log_reasons.h"
#include "attestation/verifier/little_endian.h"
#include "attestation/wire/messages.h"

namespace rootkeep::attestation {
namespace {

constexpr std::string_view kSpecIdSignature{"Spec ID Event03\0", 16};

Error Bad(std::string_view reason, std::string message) {
  return InvalidArgument(std::move(message)).WithReason(reason);
}

bool IsZero(ByteView octets) {
  return std::ranges::all_of(octets, [](std::uint8_t octet) { return octet == 0; });
}

// TCG_PCR_EVENT, the form of the first event alone: gives its data.
Result<ByteView> ReadHeader(LittleEndianReader& in) {
  constexpr std::size_t kSha1Size = 20;
  const std::uint32_t pcr = in.U32();
  const auto type = static_cast<EventType>(in.U32());
  const ByteView digest = in.Take(kSha1Size);
  const ByteView data = in.Take(in.U32());
  if (in.failed() || pcr != 0 || type != EventType::kNoAction || !IsZero(digest)) {
    return Bad(reason::kBootLogHeader, "the boot log does not begin with a Spec ID event");
  }
  return data;
}

// TCG_EfiSpecIdEvent up to its list of hash functions.
Status CheckVersion(LittleEndianReader& in) {
  const ByteView signature = in.Take(kSpecIdSignature.size());
  in.U32();  // the platform's class
  const std::uint8_t minor = in.U8();
  const std::uint8_t major = in.U8();
  in.U8();  // errata
  in.U8();  // the size of UINTN
  if (in.failed() || AsText(signature) != kSpecIdSignature) {
    return Bad(reason::kBootLogHeader, "the boot log is not in the crypto-agile form");
  }
  if (major != 2 || minor != 0) {
    return Bad(reason::kBootLogHeader, fmt::format("a boot log of version {}.{} is not 2.0", major, minor));
  }
  return Ok();
}

Result<std::vector<Algorithm>> ReadBanks(ByteView spec_id) {
  LittleEndianReader in(spec_id);
  RK_RETURN_IF_ERROR(CheckVersion(in));
  std::vector<Algorithm> banks;
  const std::uint32_t count = in.U32();
  if (count == 0 || count > kMaxBanks) return Bad(reason::kBootLogBanks, fmt::format("a boot log of {} banks", count));
  for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
    const auto bank = static_cast<Algorithm>(in.U16());
    const std::uint16_t size = in.U16();
    if (in.failed()) break;
    if (size == 0 || HashSize(bank) != size) {
      return Bad(reason::kBootLogBanks,
                 fmt::format("{} with digests of {} octets is no bank known here", AlgorithmName(bank), size));
    }
    if (std::ranges::find(banks, bank) != banks.end()) {
      return Bad(reason::kBootLogBanks, fmt::format("bank {} is there twice", AlgorithmName(bank)));
    }
    banks.push_back(bank);
  }
  in.Take(in.U8());  // the vendor's own
  if (!in.ok()) return Bad(reason::kBootLogHeader, "the boot log's Spec ID event has another size than it says");
  return banks;
}

// TPML_DIGEST_VALUES: firmware writes the banks in any order, each of them once.
bool ReadDigests(LittleEndianReader& in, const std::vector<Algorithm>& banks, std::vector<Bytes>& digests) {
  if (in.U32() != banks.size()) return false;
  digests.resize(banks.size());
  for (std::size_t i = 0; i < banks.size(); ++i) {
    const auto bank = std::ranges::find(banks, static_cast<Algorithm>(in.U16()));
    if (in.failed() || bank == banks.end()) return false;
    Bytes& digest = digests[static_cast<std::size_t>(bank - banks.begin())];
    if (!digest.empty()) return false;
    digest = ToBytes(in.Take(HashSize(*bank)));
  }
  return !in.failed();
}

// TCG_PCR_EVENT2.
Result<BootEvent> ReadEvent(LittleEndianReader& in, const std::vector<Algorithm>& banks, std::size_t number) {
  const std::uint32_t pcr = in.U32();
  BootEvent event;
  event.type = static_cast<EventType>(in.U32());
  if (!in.failed() && pcr >= kPcrCount) {
    return Bad(reason::kBootLogEvent, fmt::format("event {} of the boot log is in PCR {}", number, pcr));
  }
  event.pcr = static_cast<std::uint8_t>(pcr);
  if (!ReadDigests(in, banks, event.digests)) {
    return Bad(reason::kBootLogEvent, fmt::format("event {} of the boot log has not one digest for each bank", number));
  }
  event.data = ToBytes(in.Take(in.U32()));
  if (in.failed()) return Bad(reason::kBootLogEvent, fmt::format("event {} of the boot log is cut off", number));
  return event;
}

}  // namespace

Result<BootLog> ParseBootLog(ByteView log) {
  if (log.size() > kMaxBootLogSize) {
    return Bad(reason::kBootLogSize,
               fmt::format("a boot log of {} octets, at most {} are read", log.size(), kMaxBootLogSize));
  }
  LittleEndianReader in(log);
  BootLog out;
  RK_TRY(const ByteView spec_id, ReadHeader(in));
  RK_TRY(out.banks, ReadBanks(spec_id));
  while (!in.rest().empty()) {
    if (out.events.size() == kMaxBootEvents) {
      return Bad(reason::kBootLogTooLong, fmt::format("a boot log of more than {} events", kMaxBootEvents));
    }
    RK_TRY(BootEvent event, ReadEvent(in, out.banks, out.events.size() + 1));
    out.events.push_back(std::move(event));
  }
  return out;
}

std::optional<std::size_t> BankIndex(const BootLog& log, Algorithm bank) {
  const auto found = std::ranges::find(log.banks, bank);
  if (found == log.banks.end()) return std::nullopt;
  return static_cast<std::size_t>(found - log.banks.begin());
}

}  // namespace rootkeep::attestation
