#include "attestation/verifier/secure_boot.h"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <utility>

#include "attestation/verifier/boot_log_reasons.h"
#include "attestation/verifier/uefi_variable.h"

namespace rootkeep::attestation {
namespace {

constexpr std::uint8_t kSecureBootPcr = 7;

Error Bad(std::string_view reason, std::string message) {
  return InvalidArgument(std::move(message)).WithReason(reason);
}

// PCR 7's events, one after the other.
class Reading {
 public:
  Status Take(const BootEvent& event) {
    switch (event.type) {
      case EventType::kSeparator: separated_ = true; break;
      case EventType::kEfiAction: TakeAction(AsText(event.data)); break;
      case EventType::kVariableDriverConfig: return TakeVariable(event);
      default: break;
    }
    return Ok();
  }

  [[nodiscard]] Result<SecureBoot> Finish() const {
    if (!known_) return Bad(reason::kBootLogSecureBoot, "the boot log does not say whether secure boot is on");
    return state_;
  }

 private:
  void TakeAction(std::string_view text) {
    if (text.starts_with("UEFI Debug Mode")) state_.debug_mode = true;
    if (text.starts_with("DMA Protection Disabled")) state_.dma_protection_disabled = true;
  }

  Status TakeVariable(const BootEvent& event) {
    const std::optional<UefiVariable> variable = ReadUefiVariable(event.data);
    if (!variable || variable->left_over != 0) {
      return Bad(reason::kBootLogVariable, "a variable in PCR 7 of the boot log is malformed");
    }
    if (separated_)
      return Bad(reason::kBootLogVariableOrder, "a variable in PCR 7 of the boot log follows its separator");
    if (!seen_.emplace(variable->vendor, variable->name).second) {
      return Bad(reason::kBootLogVariableTwice, "a variable in PCR 7 of the boot log is there twice");
    }
    if (variable->vendor == kEfiGlobalVariable && variable->name == u"SecureBoot")
      return TakeSecureBoot(variable->data);
    return Ok();
  }

  Status TakeSecureBoot(ByteView value) {
    if (value.size() > 1 || (value.size() == 1 && value.front() > 1)) {
      return Bad(reason::kBootLogSecureBoot, "the variable SecureBoot in the boot log is neither 0 nor 1");
    }
    known_ = true;
    state_.on = !value.empty() && value.front() == 1;
    return Ok();
  }

  SecureBoot state_;
  bool known_ = false;
  bool separated_ = false;
  std::set<std::pair<Guid, std::u16string>> seen_;
};

}  // namespace

Result<SecureBoot> ReadSecureBoot(const BootLog& log) {
  Reading reading;
  for (const BootEvent& event : log.events) {
    if (event.pcr == kSecureBootPcr) RK_RETURN_IF_ERROR(reading.Take(event));
  }
  return reading.Finish();
}

std::string InWords(const SecureBoot& state) {
  return fmt::format("{}{}{}", state.on ? "on" : "off", state.debug_mode ? ", in debug mode" : "",
                     state.dma_protection_disabled ? ", without protection from devices' memory access" : "");
}

}  // namespace rootkeep::attestation
