#include "attestation/verifier/firmware.h"

#include <fmt/format.h>

#include <algorithm>

#include "attestation/verifier/ek_names.h"
#include "attestation/verifier/reasons.h"

namespace rootkeep::attestation {

Status CheckFirmware(const std::vector<FirmwareMinimum>& minimums, const std::string& manufacturer,
                     std::uint64_t version) {
  if (minimums.empty()) return Ok();
  const auto minimum = std::ranges::find_if(minimums, [&](const FirmwareMinimum& each) {
    return !manufacturer.empty() && NormalisedManufacturer(each.manufacturer) == manufacturer;
  });
  if (minimum == minimums.end()) return Failure(reason::kFirmwareUnlisted, manufacturer);
  if (version < minimum->version) {
    return Failure(reason::kFirmwareOld,
                   fmt::format("it is {:016x}, policy asks for {:016x}", version, minimum->version));
  }
  return Ok();
}

}  // namespace rootkeep::attestation
