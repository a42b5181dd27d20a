#include "attestation/verifier/boot_event_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

namespace rootkeep::attestation {
namespace {

using enum EventType;

bool IsOneOf(EventType type, std::initializer_list<EventType> types) {
  return std::ranges::find(types, type) != types.end();
}

// PCR 0 to 7 have these in common.
bool BelongsInFirmwarePcrs(EventType type) { return IsOneOf(type, {kSeparator, kAction, kEfiAction}); }

}  // namespace

bool BelongsInPcr(EventType type, std::uint8_t pcr) {
  if (type == kNoAction) return true;
  if (pcr <= 7 && BelongsInFirmwarePcrs(type)) return true;
  switch (pcr) {
    case 0:  // the firmware's own code
      return IsOneOf(type, {kPostCode, kPostCode2, kCrtmContents, kCrtmVersion, kNonhostCode, kNonhostInfo,
                            kFirmwareBlob, kFirmwareBlob2, kBootServicesDriver, kRuntimeServicesDriver, kHcrtm,
                            kHandoffTables, kHandoffTables2, kEventTag});
    case 1:  // its configuration
      return IsOneOf(type, {kCpuMicrocode, kPlatformConfigFlags, kTableOfDevices, kNonhostConfig, kHandoffTables,
                            kHandoffTables2, kVariableDriverConfig, kVariableBoot, kVariableBoot2, kPostCode,
                            kPostCode2, kEventTag, kOmitBootDeviceEvents});
    case 2:  // code of cards
      return IsOneOf(type, {kBootServicesApplication, kBootServicesDriver, kRuntimeServicesDriver, kFirmwareBlob,
                            kFirmwareBlob2, kSpdmFirmwareBlob, kEventTag});
    case 3:  // their configuration
      return IsOneOf(type, {kVariableDriverConfig, kHandoffTables, kHandoffTables2, kSpdmFirmwareConfig, kEventTag});
    case 4:  // boot manager and boot loader
      return IsOneOf(type, {kBootServicesApplication, kBootServicesDriver, kRuntimeServicesDriver, kIpl, kCompactHash,
                            kEventTag, kOmitBootDeviceEvents});
    case 5:  // their configuration, partition table
      return IsOneOf(type, {kGpt, kGpt2, kIplPartitionData, kVariableBoot, kVariableBoot2, kEventTag});
    case 6:  // the manufacturer's
      return IsOneOf(type, {kCompactHash, kEventTag});
    case 7:  // secure boot
      return IsOneOf(type, {kVariableDriverConfig, kVariableAuthority});
    default:  // the boot loader's and the kernel's
      return pcr <= 15 && IsOneOf(type, {kIpl, kEventTag, kCompactHash});
  }
}

bool MeasuresItsData(EventType type) {
  return IsOneOf(type, {kSeparator, kAction, kEfiAction, kVariableDriverConfig, kVariableAuthority, kGpt, kGpt2});
}

std::string EventTypeName(EventType type) {
  switch (type) {
    case kPostCode: return "EV_POST_CODE";
    case kNoAction: return "EV_NO_ACTION";
    case kSeparator: return "EV_SEPARATOR";
    case kAction: return "EV_ACTION";
    case kEventTag: return "EV_EVENT_TAG";
    case kCrtmContents: return "EV_S_CRTM_CONTENTS";
    case kCrtmVersion: return "EV_S_CRTM_VERSION";
    case kCpuMicrocode: return "EV_CPU_MICROCODE";
    case kPlatformConfigFlags: return "EV_PLATFORM_CONFIG_FLAGS";
    case kTableOfDevices: return "EV_TABLE_OF_DEVICES";
    case kCompactHash: return "EV_COMPACT_HASH";
    case kIpl: return "EV_IPL";
    case kIplPartitionData: return "EV_IPL_PARTITION_DATA";
    case kNonhostCode: return "EV_NONHOST_CODE";
    case kNonhostConfig: return "EV_NONHOST_CONFIG";
    case kNonhostInfo: return "EV_NONHOST_INFO";
    case kOmitBootDeviceEvents: return "EV_OMIT_BOOT_DEVICE_EVENTS";
    case kPostCode2: return "EV_POST_CODE2";
    case kVariableDriverConfig: return "EV_EFI_VARIABLE_DRIVER_CONFIG";
    case kVariableBoot: return "EV_EFI_VARIABLE_BOOT";
    case kBootServicesApplication: return "EV_EFI_BOOT_SERVICES_APPLICATION";
    case kBootServicesDriver: return "EV_EFI_BOOT_SERVICES_DRIVER";
    case kRuntimeServicesDriver: return "EV_EFI_RUNTIME_SERVICES_DRIVER";
    case kGpt: return "EV_EFI_GPT_EVENT";
    case kEfiAction: return "EV_EFI_ACTION";
    case kFirmwareBlob: return "EV_EFI_PLATFORM_FIRMWARE_BLOB";
    case kHandoffTables: return "EV_EFI_HANDOFF_TABLES";
    case kFirmwareBlob2: return "EV_EFI_PLATFORM_FIRMWARE_BLOB2";
    case kHandoffTables2: return "EV_EFI_HANDOFF_TABLES2";
    case kVariableBoot2: return "EV_EFI_VARIABLE_BOOT2";
    case kGpt2: return "EV_EFI_GPT_EVENT2";
    case kHcrtm: return "EV_EFI_HCRTM_EVENT";
    case kVariableAuthority: return "EV_EFI_VARIABLE_AUTHORITY";
    case kSpdmFirmwareBlob: return "EV_EFI_SPDM_FIRMWARE_BLOB";
    case kSpdmFirmwareConfig: return "EV_EFI_SPDM_FIRMWARE_CONFIG";
  }
  return fmt::format("0x{:08x}", static_cast<std::uint32_t>(type));
}

}  // namespace rootkeep::attestation
