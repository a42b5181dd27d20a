// What firmware and boot loaders measure: types of events, and what may be concluded from one
// (TCG PC Client Platform Firmware Profile 1.06 §10, called PFP below).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rootkeep::attestation {

// Holds any 32 bits that a log has. The type itself is not measured.
enum class EventType : std::uint32_t {
  kPostCode = 0x00000001,
  kNoAction = 0x00000003,
  kSeparator = 0x00000004,
  kAction = 0x00000005,
  kEventTag = 0x00000006,
  kCrtmContents = 0x00000007,
  kCrtmVersion = 0x00000008,
  kCpuMicrocode = 0x00000009,
  kPlatformConfigFlags = 0x0000000a,
  kTableOfDevices = 0x0000000b,
  kCompactHash = 0x0000000c,
  kIpl = 0x0000000d,
  kIplPartitionData = 0x0000000e,
  kNonhostCode = 0x0000000f,
  kNonhostConfig = 0x00000010,
  kNonhostInfo = 0x00000011,
  kOmitBootDeviceEvents = 0x00000012,
  kPostCode2 = 0x00000013,
  kVariableDriverConfig = 0x80000001,
  kVariableBoot = 0x80000002,
  kBootServicesApplication = 0x80000003,
  kBootServicesDriver = 0x80000004,
  kRuntimeServicesDriver = 0x80000005,
  kGpt = 0x80000006,
  kEfiAction = 0x80000007,
  kFirmwareBlob = 0x80000008,
  kHandoffTables = 0x80000009,
  kFirmwareBlob2 = 0x8000000a,
  kHandoffTables2 = 0x8000000b,
  kVariableBoot2 = 0x8000000c,
  kGpt2 = 0x8000000d,
  kHcrtm = 0x80000010,
  kVariableAuthority = 0x800000e0,
  kSpdmFirmwareBlob = 0x800000e1,
  kSpdmFirmwareConfig = 0x800000e2,
};

// As the PFP spells it, "EV_SEPARATOR"; eight hexadecimal digits, "0x00000002", for what is none of the above.
std::string EventTypeName(EventType type);
// The inverse of the PFP's spellings; nothing for any other word.
std::optional<EventType> EventTypeFromName(std::string_view name);

// Whether an event of this type can be in `pcr` (PFP §3.3.4, and the boot loaders' PCRs 8 to 15). Exhaustive: what is
// not known to belong there does not. kNoAction, which extends nothing, belongs everywhere.
bool BelongsInPcr(EventType type, std::uint8_t pcr);

// Whether what is measured is the event's data itself, on all firmware that follows the PFP. Of other types the digest
// is of something else (a file, a blob of firmware), or firmware differs, and the data is only the log's word.
bool MeasuresItsData(EventType type);

}  // namespace rootkeep::attestation
