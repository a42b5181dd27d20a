#include "tests/support/boot_log.h"

#include <concepts>

namespace rootkeep::testing {
namespace {

using attestation::Algorithm;
using attestation::BootEvent;
using attestation::BootLog;
using attestation::EventType;

class LittleEndianWriter {
 public:
  template <std::unsigned_integral T>
  void Number(T value) {
    for (unsigned shift = 0; shift < 8 * sizeof(T); shift += 8) {
      octets_.push_back(static_cast<std::uint8_t>(value >> shift));
    }
  }
  void Octets(ByteView value) { octets_.insert(octets_.end(), value.begin(), value.end()); }
  Bytes Take() { return std::move(octets_); }

 private:
  Bytes octets_;
};

void Put(const BootEvent& event, const std::vector<Algorithm>& banks, LittleEndianWriter& out) {
  out.Number(std::uint32_t{event.pcr});
  out.Number(static_cast<std::uint32_t>(event.type));
  out.Number(static_cast<std::uint32_t>(event.digests.size()));
  for (std::size_t i = 0; i < event.digests.size(); ++i) {
    out.Number(static_cast<std::uint16_t>(banks[i]));
    out.Octets(event.digests[i]);
  }
  out.Number(static_cast<std::uint32_t>(event.data.size()));
  out.Octets(event.data);
}

Bytes SpecId(const std::vector<Algorithm>& banks) {
  LittleEndianWriter out;
  out.Octets(AsBytes(std::string_view("Spec ID Event03\0", 16)));
  out.Number(std::uint32_t{0});  // platform class: client
  out.Number(std::uint8_t{0});   // minor
  out.Number(std::uint8_t{2});   // major
  out.Number(std::uint8_t{0});   // errata
  out.Number(std::uint8_t{2});   // UINTN of 64 bits
  out.Number(static_cast<std::uint32_t>(banks.size()));
  for (const Algorithm bank : banks) {
    out.Number(static_cast<std::uint16_t>(bank));
    out.Number(static_cast<std::uint16_t>(attestation::HashSize(bank)));
  }
  out.Number(std::uint8_t{0});  // vendor information
  return out.Take();
}

void MeasureVariable(BootLog& log, EventType type, const attestation::Guid& vendor, std::u16string_view name,
                     ByteView data) {
  Measure(log, 7, type, VariableData(vendor, name, data));
}

}  // namespace

void Measure(BootLog& log, std::uint8_t pcr, EventType type, ByteView data, ByteView measured) {
  BootEvent event{.pcr = pcr, .type = type, .data = ToBytes(data)};
  for (const Algorithm bank : log.banks) event.digests.push_back(TpmHash(bank, measured).value());
  log.events.push_back(std::move(event));
}

void Measure(BootLog& log, std::uint8_t pcr, EventType type, ByteView data) { Measure(log, pcr, type, data, data); }

Bytes VariableData(const attestation::Guid& vendor, std::u16string_view name, ByteView data) {
  LittleEndianWriter out;
  out.Octets(vendor);
  out.Number(std::uint64_t{name.size()});
  out.Number(std::uint64_t{data.size()});
  for (const char16_t character : name) out.Number(static_cast<std::uint16_t>(character));
  out.Octets(data);
  return out.Take();
}

BootLog HonestBootLog(bool secure_boot) {
  BootLog log{.banks = {Algorithm::kSha1, Algorithm::kSha256}};
  const Bytes version = FromHex("310000").value();
  Measure(log, 0, EventType::kCrtmVersion, version);
  Measure(log, 0, EventType::kFirmwareBlob, Bytes(16, 0x01), AsBytes("firmware"));
  const Bytes on{static_cast<std::uint8_t>(secure_boot ? 1 : 0)};
  MeasureVariable(log, EventType::kVariableDriverConfig, attestation::kEfiGlobalVariable, u"SecureBoot", on);
  MeasureVariable(log, EventType::kVariableDriverConfig, attestation::kEfiGlobalVariable, u"PK",
                  AsBytes("platform key"));
  MeasureVariable(log, EventType::kVariableDriverConfig, kImageSecurityDatabase, u"db", AsBytes("certificates"));
  for (std::uint8_t pcr = 0; pcr < 8; ++pcr) Measure(log, pcr, EventType::kSeparator, Bytes(4));
  if (secure_boot) {
    MeasureVariable(log, EventType::kVariableAuthority, kImageSecurityDatabase, u"db",
                    AsBytes("a vendor's certificate"));
  }
  Measure(log, 4, EventType::kBootServicesApplication, Bytes(32), AsBytes("shim"));
  Measure(log, 8, EventType::kIpl, AsBytes("grub_cmd: linux /vmlinuz quiet"), AsBytes("linux /vmlinuz quiet"));
  Measure(log, 9, EventType::kIpl, AsBytes("/vmlinuz"), AsBytes("a kernel"));
  Measure(log, 5, EventType::kEfiAction, AsBytes("Exit Boot Services Invocation"));
  return log;
}

Bytes Encode(const BootLog& log) {
  const Bytes spec_id = SpecId(log.banks);
  LittleEndianWriter out;
  out.Number(std::uint32_t{0});
  out.Number(static_cast<std::uint32_t>(EventType::kNoAction));
  out.Octets(Bytes(20));
  out.Number(static_cast<std::uint32_t>(spec_id.size()));
  out.Octets(spec_id);
  for (const BootEvent& event : log.events) Put(event, log.banks, out);
  return out.Take();
}

}  // namespace rootkeep::testing
