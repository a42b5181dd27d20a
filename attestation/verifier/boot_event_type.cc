#include "attestation/verifier/boot_event_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>

namespace rootkeep::attestation {
namespace {

using enum EventType;

bool IsOneOf(EventType type, std::initializer_list<EventType> types) {
  return std::ranges::find(types, type) != types.end();
}

// As the PFP spells them.
struct Spelling {
  EventType type;
  std::string_view name;
};
constexpr auto kSpellings = std::to_array<Spelling>({
    {kPostCode, "EV_POST_CODE"},
    {kNoAction, "EV_NO_ACTION"},
    {kSeparator, "EV_SEPARATOR"},
    {kAction, "EV_ACTION"},
    {kEventTag, "EV_EVENT_TAG"},
    {kCrtmContents, "EV_S_CRTM_CONTENTS"},
    {kCrtmVersion, "EV_S_CRTM_VERSION"},
    {kCpuMicrocode, "EV_CPU_MICROCODE"},
    {kPlatformConfigFlags, "EV_PLATFORM_CONFIG_FLAGS"},
    {kTableOfDevices, "EV_TABLE_OF_DEVICES"},
    {kCompactHash, "EV_COMPACT_HASH"},
    {kIpl, "EV_IPL"},
    {kIplPartitionData, "EV_IPL_PARTITION_DATA"},
    {kNonhostCode, "EV_NONHOST_CODE"},
    {kNonhostConfig, "EV_NONHOST_CONFIG"},
    {kNonhostInfo, "EV_NONHOST_INFO"},
    {kOmitBootDeviceEvents, "EV_OMIT_BOOT_DEVICE_EVENTS"},
    {kPostCode2, "EV_POST_CODE2"},
    {kVariableDriverConfig, "EV_EFI_VARIABLE_DRIVER_CONFIG"},
    {kVariableBoot, "EV_EFI_VARIABLE_BOOT"},
    {kBootServicesApplication, "EV_EFI_BOOT_SERVICES_APPLICATION"},
    {kBootServicesDriver, "EV_EFI_BOOT_SERVICES_DRIVER"},
    {kRuntimeServicesDriver, "EV_EFI_RUNTIME_SERVICES_DRIVER"},
    {kGpt, "EV_EFI_GPT_EVENT"},
    {kEfiAction, "EV_EFI_ACTION"},
    {kFirmwareBlob, "EV_EFI_PLATFORM_FIRMWARE_BLOB"},
    {kHandoffTables, "EV_EFI_HANDOFF_TABLES"},
    {kFirmwareBlob2, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"},
    {kHandoffTables2, "EV_EFI_HANDOFF_TABLES2"},
    {kVariableBoot2, "EV_EFI_VARIABLE_BOOT2"},
    {kGpt2, "EV_EFI_GPT_EVENT2"},
    {kHcrtm, "EV_EFI_HCRTM_EVENT"},
    {kVariableAuthority, "EV_EFI_VARIABLE_AUTHORITY"},
    {kSpdmFirmwareBlob, "EV_EFI_SPDM_FIRMWARE_BLOB"},
    {kSpdmFirmwareConfig, "EV_EFI_SPDM_FIRMWARE_CONFIG"},
});

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
  const auto* const found = std::ranges::find(kSpellings, type, &Spelling::type);
  if (found != kSpellings.end()) return std::string(found->name);
  return fmt::format("0x{:08x}", static_cast<std::uint32_t>(type));
}

std::optional<EventType> EventTypeFromName(std::string_view name) {
  const auto* const found = std::ranges::find(kSpellings, name, &Spelling::name);
  if (found == kSpellings.end()) return std::nullopt;
  return found->type;
}

}  // namespace rootkeep::attestation
