#include "keystore/isolated/wire/values.h"

#include <algorithm>

#include "keystore/reason_words.h"

namespace rootkeep::isolated {
namespace {

template <typename T>
std::uint8_t Number(T value) {
  return static_cast<std::uint8_t>(value);
}

template <typename T>
T GetChoice(Reader& in, T last) {
  return static_cast<T>(in.Choice(Number(last)));
}

// What a host says is shown to operators and kept in records: little of it, and nothing that moves a cursor.
std::string Printable(std::string text) {
  constexpr std::size_t kMost = 512;
  if (text.size() > kMost) text.resize(kMost);
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

void PutFact(Writer& out, std::optional<bool> fact) { out.U8(fact ? (*fact ? 2 : 1) : 0); }

std::optional<bool> GetFact(Reader& in) {
  const std::uint8_t value = in.Choice(2);
  return value == 0 ? std::nullopt : std::optional<bool>(value == 2);
}

void Put(Writer& out, const CustodyFacts& facts) {
  for (const auto& fact : {facts.sensitive, facts.extractable, facts.always_sensitive, facts.never_extractable,
                           facts.local, facts.modifiable, facts.always_authenticate}) {
    PutFact(out, fact);
  }
  out.Text(facts.other_usages);
}

CustodyFacts GetFacts(Reader& in) {
  CustodyFacts facts;
  for (auto* fact : {&facts.sensitive, &facts.extractable, &facts.always_sensitive, &facts.never_extractable,
                     &facts.local, &facts.modifiable, &facts.always_authenticate}) {
    *fact = GetFact(in);
  }
  facts.other_usages = in.Text();
  return facts;
}

void Put(Writer& out, const DeviceInfo& device) {
  for (const auto* text : {&device.label, &device.serial, &device.manufacturer, &device.model}) out.Text(*text);
  out.Bool(device.software);
}

DeviceInfo GetDevice(Reader& in) {
  DeviceInfo device;
  for (auto* text : {&device.label, &device.serial, &device.manufacturer, &device.model}) *text = in.Text();
  device.software = in.Bool();
  return device;
}

}  // namespace

void Put(Writer& out, const Error& error) {
  out.U8(Number(error.code()));
  for (const std::string_view text : {std::string_view(error.message()), std::string_view(error.hint()), error.reason(),
                                      error.native().domain, std::string_view(error.native().name)}) {
    out.Text(text.substr(0, kMostText));
  }
  out.U64(error.native().value);
  const auto wait = std::min(error.retry_after().value_or(std::chrono::milliseconds(0)), kLongestRetry);
  out.U32(static_cast<std::uint32_t>(wait.count()));
}

Error GetError(Reader& in) {
  const std::uint8_t code = in.Choice(Number(Code::kUnauthenticated));
  if (code < Number(Code::kCancelled)) in.Fail();
  std::string message = Printable(in.Text());
  std::string hint = Printable(in.Text());
  const std::string reason = in.Text();
  const std::string domain = in.Text();
  NativeCode native{.domain = KnownWord(domain), .name = Printable(in.Text())};
  native.value = in.U64();
  const auto wait = std::min(std::chrono::milliseconds(in.U32()), kLongestRetry);
  Error error = Error(in.failed() ? Code::kInternal : static_cast<Code>(code), std::move(message))
                    .WithNative(std::move(native))
                    .WithHint(std::move(hint))
                    .WithReason(KnownWord(reason));
  return wait.count() == 0 ? error : std::move(error).WithRetryAfter(wait);
}

void Put(Writer& out, const KeyUri& uri) {
  out.U8(Number(uri.scheme));
  for (const auto* text : {&uri.token_label, &uri.token_serial, &uri.token_manufacturer, &uri.token_model,
                           &uri.object_label, &uri.pin_source}) {
    out.Text(*text);
  }
  out.Blob(uri.object_id);
}

KeyUri GetUri(Reader& in) {
  KeyUri uri;
  uri.scheme = GetChoice(in, UriScheme::kKeySocket);
  for (auto* text : {&uri.token_label, &uri.token_serial, &uri.token_manufacturer, &uri.token_model, &uri.object_label,
                     &uri.pin_source}) {
    *text = in.Text();
  }
  uri.object_id = in.Blob(kMostText);
  return uri;
}

void Put(Writer& out, const KeySpec& spec) {
  out.U8(Number(spec.type));
  out.U8(Number(spec.use));
  out.Text(spec.name);
  out.U32(spec.generation);
  out.U8(Number(spec.custody));
}

KeySpec GetSpec(Reader& in) {
  KeySpec spec;
  spec.type = GetChoice(in, KeyType::kEd25519);
  spec.use = GetChoice(in, KeyUse::kForeignCa);
  spec.name = in.Text();
  spec.generation = in.U32();
  spec.custody = GetChoice(in, CustodyLevel::kHsmBackup);
  return spec;
}

void Put(Writer& out, const KeyInfo& info) {
  Put(out, info.uri);
  out.Text(info.label);
  out.Blob(info.id);
  out.Blob(info.public_key.spki());
  Put(out, info.custody);
  out.U8(Number(info.voucher));
  Put(out, info.device);
}

std::optional<KeyInfo> GetInfo(Reader& in) {
  KeyUri uri = GetUri(in);
  std::string label = in.Text();
  Bytes id = in.Blob(kMostText);
  auto public_key = PublicKey::FromSpki(in.Blob(kMostText));
  CustodyFacts custody = GetFacts(in);
  const auto voucher = GetChoice(in, Voucher::kAttested);
  DeviceInfo device = GetDevice(in);
  // Nothing in a host attests a key: that word is for a verifier's side.
  if (!public_key.ok() || voucher == Voucher::kAttested) in.Fail();
  if (in.failed()) return std::nullopt;
  auto named = ParseKeyLabel(label);
  return KeyInfo{.uri = std::move(uri),
                 .label = std::move(label),
                 .id = std::move(id),
                 .named = std::move(named),
                 .public_key = *std::move(public_key),
                 .custody = std::move(custody),
                 .voucher = voucher,
                 .device = std::move(device)};
}

}  // namespace rootkeep::isolated
