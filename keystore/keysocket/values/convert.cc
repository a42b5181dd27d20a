#include "keystore/keysocket/values/convert.h"

#include <algorithm>

#include "keystore/keysocket/values/uri.h"
#include "keystore/reason_words.h"
#include "keystore/signer.h"

namespace rootkeep::keysocket {
namespace {

static_assert(kMaxInput == kMaxSignInput);

constexpr std::chrono::milliseconds kLongestRetry = std::chrono::minutes(1);

// Wire numbers begin at 1.
template <typename To, typename From>
constexpr To Up(From value) {
  return static_cast<To>(static_cast<std::uint8_t>(value) + 1);
}
template <typename To, typename From>
constexpr To Down(From value) {
  return static_cast<To>(static_cast<std::uint8_t>(value) - 1);
}

static_assert(Up<WireType>(KeyType::kEd25519) == WireType::kEd25519);
static_assert(Up<WireUse>(KeyUse::kForeignCa) == WireUse::kForeignCa);
static_assert(Up<WireCustody>(CustodyLevel::kHsmBackup) == WireCustody::kHsmBackup);
static_assert(Up<WireScheme>(SignatureScheme::kEd25519) == WireScheme::kEd25519);
static_assert(Up<WireScheme>(SignatureScheme::kRsaPssSha256) == WireScheme::kRsaPssSha256);
static_assert(Up<WireUrgency>(Priority::kBulk) == WireUrgency::kBulk);
static_assert(Up<WireVoucher>(Voucher::kToken) == WireVoucher::kToken);

WireFact ToWire(std::optional<bool> fact) { return !fact ? WireFact::kUnsaid : *fact ? WireFact::kYes : WireFact::kNo; }
std::optional<bool> FromWire(WireFact fact) {
  return fact == WireFact::kUnsaid ? std::nullopt : std::optional<bool>(fact == WireFact::kYes);
}

WireFacts ToWire(const CustodyFacts& facts) {
  return {.sensitive = ToWire(facts.sensitive),
          .extractable = ToWire(facts.extractable),
          .always_sensitive = ToWire(facts.always_sensitive),
          .never_extractable = ToWire(facts.never_extractable),
          .local = ToWire(facts.local),
          .modifiable = ToWire(facts.modifiable),
          .always_authenticate = ToWire(facts.always_authenticate),
          .other_usages = facts.other_usages};
}

CustodyFacts FromWire(const WireFacts& facts) {
  return {.sensitive = FromWire(facts.sensitive),
          .extractable = FromWire(facts.extractable),
          .always_sensitive = FromWire(facts.always_sensitive),
          .never_extractable = FromWire(facts.never_extractable),
          .local = FromWire(facts.local),
          .modifiable = FromWire(facts.modifiable),
          .always_authenticate = FromWire(facts.always_authenticate),
          .other_usages = std::string(facts.other_usages)};
}

// What may come of the agent's tokens behind processes, and of either side of the socket.
std::string_view KnownReason(std::string_view word) {
  static constexpr auto kOwn = std::to_array<std::string_view>(
      {kReasonAgentDown, kReasonAgentLost, kReasonAgentTimeout, kReasonAgentBroken, kReasonAgentVersion,
       "not_permitted", "key_another", "key_pending", "key_state", "key_use", "key_user", "token_host_lost",
       "token_host_hung", "token_host_down", "token_host_program"});
  const auto* const own = std::ranges::find(kOwn, word);
  return own != kOwn.end() ? *own : KnownWord(word);
}

Error Unfit(const char* what) {
  return Internal(std::string("the agent described a key whose ") + what).WithReason(kReasonAgentBroken);
}

}  // namespace

WireType ToWire(KeyType type) { return Up<WireType>(type); }
WireUse ToWire(KeyUse use) { return Up<WireUse>(use); }
WireCustody ToWire(CustodyLevel level) { return Up<WireCustody>(level); }
WireScheme ToWire(SignatureScheme scheme) { return Up<WireScheme>(scheme); }
WireUrgency ToWire(Priority priority) { return Up<WireUrgency>(priority); }
KeyType FromWire(WireType type) { return Down<KeyType>(type); }
KeyUse FromWire(WireUse use) { return Down<KeyUse>(use); }
CustodyLevel FromWire(WireCustody level) { return Down<CustodyLevel>(level); }
SignatureScheme FromWire(WireScheme scheme) { return Down<SignatureScheme>(scheme); }
Priority FromWire(WireUrgency urgency) { return Down<Priority>(urgency); }

Failure ToWire(const Error& error) {
  Failure failure;
  const auto code = static_cast<std::uint8_t>(error.code());
  if (IsFailureCode(code)) failure.code = static_cast<FailureCode>(code);
  failure.message = std::string_view(error.message());
  failure.hint = std::string_view(error.hint());
  failure.reason = error.reason();
  failure.native_domain = error.native().domain;
  failure.native_value = error.native().value;
  failure.native_name = std::string_view(error.native().name);
  const auto wait = std::min(error.retry_after().value_or(std::chrono::milliseconds(0)), kLongestRetry);
  failure.retry_ms = static_cast<std::uint32_t>(wait.count());
  return failure;
}

Error FromWire(const Failure& failure) {
  Error error = Error(static_cast<Code>(failure.code), std::string(failure.message.view()))
                    .WithHint(std::string(failure.hint.view()))
                    .WithReason(KnownReason(failure.reason.view()))
                    .WithNative({.domain = KnownWord(failure.native_domain.view()),
                                 .value = failure.native_value,
                                 .name = std::string(failure.native_name.view())});
  if (failure.retry_ms == 0) return error;
  return std::move(error).WithRetryAfter(std::min(std::chrono::milliseconds(failure.retry_ms), kLongestRetry));
}

Fingerprint FingerprintOf(const PublicKey& key) {
  Fingerprint out{};
  std::copy_n(key.fingerprint().begin(), std::min(out.size(), key.fingerprint().size()), out.begin());
  return out;
}

std::optional<KeyDescription> Describe(const KeyInfo& info, KeyUse use, const std::string& uri, unsigned concurrency) {
  const DeviceInfo& device = info.device;
  const auto fits = [](const std::string& text) { return text.size() <= kMaxDevice; };
  if (uri.size() > kMaxUri || info.label.size() > kMaxLabel || info.id.size() > kMaxId ||
      info.public_key.spki().size() > kMaxSpki || info.custody.other_usages.size() > kMaxUsages ||
      !fits(device.label) || !fits(device.serial) || !fits(device.manufacturer) || !fits(device.model)) {
    return std::nullopt;
  }
  KeyDescription key;
  key.fingerprint = FingerprintOf(info.public_key);
  key.type = ToWire(info.public_key.type());
  key.use = ToWire(use);
  for (const SignatureScheme scheme : SchemesOf(info.public_key.type())) {
    key.schemes |= 1U << static_cast<unsigned>(ToWire(scheme));
  }
  key.concurrency = std::clamp(concurrency, 1U, 1024U);
  key.uri = uri;
  key.label = info.label;
  key.id = info.id;
  key.spki = info.public_key.spki();
  // An agent attests nothing: who wants that asks for the attestation itself.
  key.voucher = info.voucher == Voucher::kTokenSoftware ? WireVoucher::kTokenSoftware : WireVoucher::kToken;
  key.facts = ToWire(info.custody);
  key.device = {device.label, device.serial, device.manufacturer, device.model, device.software};
  return key;
}

Result<KeyInfo> ReadDescription(const KeyDescription& key) {
  auto public_key = PublicKey::FromSpki(key.spki);
  if (!public_key.ok()) return Unfit("public key is none");
  if (FingerprintOf(*public_key) != key.fingerprint || public_key->type() != FromWire(key.type)) {
    return Unfit("fingerprint or type is not its public key's");
  }
  auto named = ParseKeyLabel(key.label);
  if (named && named->use != FromWire(key.use)) return Unfit("label says another use");
  auto uri = ParseUri(key.uri);
  if (!uri.ok() || uri->scheme != UriScheme::kKeySocket) return Unfit("name is no keysocket: URI");
  const WireDevice& device = key.device;
  return KeyInfo{.uri = *std::move(uri),
                 .label = std::string(key.label),
                 .id = ToBytes(key.id),
                 .named = std::move(named),
                 .public_key = *std::move(public_key),
                 .custody = FromWire(key.facts),
                 .voucher = Down<Voucher>(key.voucher),
                 .device = {.label = std::string(device.label),
                            .serial = std::string(device.serial),
                            .manufacturer = std::string(device.manufacturer),
                            .model = std::string(device.model),
                            .software = device.software}};
}

std::array<std::uint8_t, kFlowMark> FlowMark(std::string_view flow) {
  std::array<std::uint8_t, kFlowMark> mark{};
  if (flow.empty()) return mark;
  const auto digest = Digest(Hash::kSha256, AsBytes(flow));
  if (digest.ok()) std::copy_n(digest->begin(), mark.size(), mark.begin());
  return mark;
}

}  // namespace rootkeep::keysocket
