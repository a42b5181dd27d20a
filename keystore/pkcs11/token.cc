#include "keystore/pkcs11/token.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>

#include "keystore/pkcs11/ckr.h"
#include "keystore/pkcs11/reasons.h"

namespace rootkeep::pkcs11 {
namespace {

constexpr CK_ULONG kMaxSlots = 1024;

// Software tokens known to us. An empty model matches any.
struct SoftwareToken {
  std::string_view manufacturer;
  std::string_view model;
};
constexpr auto kSoftwareTokens = std::to_array<SoftwareToken>({{"SoftHSM project", ""},
                                                               {"Kryoptic Project", ""},
                                                               {"Mozilla Foundation", ""},
                                                               // libtpms: swtpm, and the TPM of most virtual machines
                                                               {"IBM", "SW   TPM"},
                                                               {"IBM", "Soft"},
                                                               {"IBM Corp.", "Soft"}});

bool IsSoftware(const DeviceInfo& device) {
  return std::ranges::any_of(kSoftwareTokens, [&device](const SoftwareToken& known) {
    return device.manufacturer == known.manufacturer && (known.model.empty() || device.model == known.model);
  });
}

// Fields are padded with blanks and have no terminator (PKCS#11 2.40 §3.2).
template <std::size_t size>
std::string Unpad(const unsigned char (&field)[size]) {
  std::string text(AsText(ByteView(field, size)));
  text.erase(text.find_last_not_of(std::string_view(" \0", 2)) + 1);
  return text;
}

Result<std::vector<CK_SLOT_ID>> SlotsWithToken(const Module::Use& use) {
  std::vector<CK_SLOT_ID> slots;
  // The number may grow between the two calls.
  for (int attempt = 0; attempt < 3; ++attempt) {
    CK_ULONG count = 0;
    CK_RV rv = use->C_GetSlotList(CK_TRUE, nullptr, &count);
    if (rv != CKR_OK) return CkError("C_GetSlotList", rv);
    if (count > kMaxSlots) return ResourceExhausted(fmt::format("the module has more than {} slots", kMaxSlots));
    slots.resize(count);
    rv = use->C_GetSlotList(CK_TRUE, slots.data(), &count);
    if (rv == CKR_BUFFER_TOO_SMALL) continue;
    if (rv != CKR_OK) return CkError("C_GetSlotList", rv);
    slots.resize(std::min<std::size_t>(count, slots.size()));
    return slots;
  }
  return Unavailable("C_GetSlotList: the number of slots keeps changing").WithReason(kReasonToken);
}

bool Matches(const TokenSelector& selector, const DeviceInfo& device) {
  return (selector.label.empty() || selector.label == device.label) &&
         (selector.serial.empty() || selector.serial == device.serial);
}

std::string Describe(const TokenSelector& selector) {
  if (selector.serial.empty()) return fmt::format("token \"{}\"", selector.label);
  if (selector.label.empty()) return fmt::format("token with serial {}", selector.serial);
  return fmt::format("token \"{}\" with serial {}", selector.label, selector.serial);
}

std::optional<DeviceSpace> Memory(CK_ULONG free, CK_ULONG total) {
  const bool said = free != CK_UNAVAILABLE_INFORMATION && total != CK_UNAVAILABLE_INFORMATION && total != 0;
  return said && free <= total ? std::optional(DeviceSpace{.free = free, .total = total}) : std::nullopt;
}

double Share(const DeviceSpace& space) { return static_cast<double>(space.free) / static_cast<double>(space.total); }

// A key pair needs room in both memories (PKCS#11 2.40 §3.2): of the fuller one.
std::optional<DeviceSpace> SpaceOf(const CK_TOKEN_INFO& info) {
  const auto for_private = Memory(info.ulFreePrivateMemory, info.ulTotalPrivateMemory);
  const auto for_public = Memory(info.ulFreePublicMemory, info.ulTotalPublicMemory);
  if (!for_private || !for_public) return for_private ? for_private : for_public;
  return Share(*for_private) <= Share(*for_public) ? for_private : for_public;
}

Error Absent(const TokenSelector& selector, const std::vector<Token>& present) {
  std::vector<std::string> names;
  for (const Token& token : present) names.push_back(fmt::format("\"{}\"", token.device.label));
  return Unavailable(Describe(selector) + " is not present")
      .WithReason(kReasonTokenAbsent)
      .WithHint(names.empty() ? "the module shows no initialised token"
                              : fmt::format("the module shows {}", fmt::join(names, ", ")));
}

}  // namespace

Result<Token> DescribeToken(const Module::Use& use, CK_SLOT_ID slot) {
  CK_TOKEN_INFO info{};
  const CK_RV rv = use->C_GetTokenInfo(slot, &info);
  if (rv != CKR_OK) return CkError("C_GetTokenInfo", rv);
  Token token;
  token.slot = slot;
  token.device.label = Unpad(info.label);
  token.device.serial = Unpad(info.serialNumber);
  token.device.manufacturer = Unpad(info.manufacturerID);
  token.device.model = Unpad(info.model);
  token.device.software = IsSoftware(token.device);
  token.flags = info.flags;
  token.space = SpaceOf(info);
  const bool known = info.ulMaxSessionCount != CK_UNAVAILABLE_INFORMATION;
  token.max_sessions = known ? info.ulMaxSessionCount : CK_EFFECTIVELY_INFINITE;
  return token;
}

Result<std::vector<Token>> PresentTokens(const Module::Use& use) {
  RK_TRY(const auto slots, SlotsWithToken(use));
  std::vector<Token> tokens;
  for (const CK_SLOT_ID slot : slots) {
    // A token that was removed between the two calls is not present.
    auto token = DescribeToken(use, slot);
    if (token.ok() && (token->flags & CKF_TOKEN_INITIALIZED) != 0) tokens.push_back(*std::move(token));
  }
  return tokens;
}

Result<CK_SLOT_ID> FreeSlot(const Module::Use& use) {
  RK_TRY(const auto slots, SlotsWithToken(use));
  for (const CK_SLOT_ID slot : slots) {
    const auto token = DescribeToken(use, slot);
    if (token.ok() && (token->flags & CKF_TOKEN_INITIALIZED) == 0) return slot;
  }
  return NotFound("the module has no slot with an uninitialised token");
}

Result<Token> FindToken(const Module::Use& use, const TokenSelector& selector) {
  RK_TRY(const auto present, PresentTokens(use));
  std::vector<Token> matching;
  std::ranges::copy_if(present, std::back_inserter(matching),
                       [&selector](const Token& token) { return Matches(selector, token.device); });
  if (matching.empty()) return Absent(selector, present);
  if (matching.size() > 1) {
    return FailedPrecondition(fmt::format("{} tokens answer to {}", matching.size(), Describe(selector)))
        .WithReason(kReasonTokenAmbiguous)
        .WithHint("name the token by its serial too");
  }
  return matching.front();
}

}  // namespace rootkeep::pkcs11
