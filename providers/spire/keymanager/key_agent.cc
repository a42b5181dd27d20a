#include "providers/spire/keymanager/key_agent.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>

#include "keystore/base/bytes.h"
#include "keystore/base/pause.h"
#include "keystore/keysocket/wire/reasons.h"
#include "providers/spire/keymanager/key_name.h"

namespace rootkeep::spire {
namespace {

using keysocket::Failure;
using keysocket::FailureCode;
using keysocket::KeyDescription;
using keysocket::kReasonCreations;
using keysocket::WireType;
using keysocket::WireUse;

constexpr std::size_t kMostKeys = 4096;  // that are listed

Error FromAgent(const Failure& failure) {
  const bool away = failure.code == FailureCode::kDeadlineExceeded;
  std::string message(failure.message.view());
  if (!failure.reason.empty()) message += fmt::format(" ({})", failure.reason.view());
  auto error = Error(away ? Code::kUnavailable : static_cast<Code>(failure.code), std::move(message))
                   .WithHint(std::string(failure.hint.view()));
  if (failure.reason.view() == kReasonCreations) error = std::move(error).WithReason(kReasonCreations);
  if (failure.retry_ms == 0) return error;
  return std::move(error).WithRetryAfter(std::chrono::milliseconds(failure.retry_ms));
}

Error Broken(std::string_view what) {
  return Internal(fmt::format("the agent's answer is not to be believed: {}", what));
}

bool IsOfSpires(WireType type) {
  return type == WireType::kEcP256 || type == WireType::kEcP384 || type == WireType::kRsa2048 ||
         type == WireType::kRsa4096;
}

MadeSignature Copy(const keysocket::Signature& signature) {
  return {.octets = std::string(AsText(signature.view())), .queued = std::chrono::nanoseconds(signature.queued_ns)};
}

keysocket::SignCall CallFor(const ManagedKey& key, const SignRequest& request) {
  return {.key = key.fingerprint,
          .scheme = request.scheme,
          .urgency = keysocket::WireUrgency::kIssuance,
          .input = request.view()};
}

bool Offers(const ManagedKey& key, const SignRequest& request) {
  return (key.schemes >> static_cast<unsigned>(request.scheme) & 1U) != 0;
}

bool IsFingerprintOf(const KeyDescription& key) {
  keysocket::Fingerprint digest{};
  SHA256(key.spki.data(), key.spki.size(), digest.data());
  return digest == key.fingerprint;
}

}  // namespace

bool WaitToAskAgain(const Error& refusal, const Patience& patience) {
  if (!refusal.retry_after()) return false;
  const Deadline again = After(*refusal.retry_after());
  if (again >= patience.deadline) return false;
  PauseUntil(again, patience.gone);
  return !patience.gone.stop_requested();
}

Result<std::optional<ManagedKey>> KeyAgent::Read(const KeyDescription& key) const {
  const auto label = ParseForeignCaLabel(key.label);
  if (!label || key.use != WireUse::kForeignCa || !IsOfSpires(key.type)) return std::optional<ManagedKey>();
  auto id = KeyIdOf(instance_, label->name);
  if (!id) return std::optional<ManagedKey>();
  if (!IsFingerprintOf(key)) return Broken("a key has another fingerprint than its public key");
  return std::optional(ManagedKey{.id = *std::move(id),
                                  .generation = label->generation,
                                  .type = key.type,
                                  .fingerprint = key.fingerprint,
                                  .schemes = key.schemes,
                                  .spki = {key.spki.begin(), key.spki.end()}});
}

Result<ManagedKeys> KeyAgent::List(Deadline deadline) {
  ManagedKeys keys;
  keysocket::ReplyMemory memory;
  keysocket::ListReply page{.more = true};
  keysocket::Fingerprint after{};
  for (std::size_t listed = 0; page.more; listed += page.count) {
    Failure why;
    if (!client_.List(after, deadline, memory, page, why)) return FromAgent(why);
    if (listed > kMostKeys || (page.more && page.count == 0)) return Broken("its list of keys has no end");
    for (const KeyDescription& described : std::span(page.keys).first(page.count)) {
      if (described.fingerprint <= after) return Broken("its list of keys has no order");
      after = described.fingerprint;
      RK_TRY(auto key, Read(described));
      if (!key) continue;
      ManagedKey& newest = keys[key->id];
      if (newest.generation == key->generation) {
        return Internal(fmt::format("two keys are called {}, in two tokens", described.label));
      }
      if (newest.generation < key->generation) newest = *std::move(key);
    }
  }
  return keys;
}

Result<ManagedKey> KeyAgent::Create(const std::string& id, WireType type, Deadline deadline) {
  RK_TRY(const std::string name, KeyNameOf(instance_, id));
  keysocket::ReplyMemory memory;
  KeyDescription described;
  Failure why;
  const keysocket::CreateCall call{
      .type = type, .use = WireUse::kForeignCa, .generation = keysocket::kNextGeneration, .name = name};
  if (!client_.Create(call, deadline, memory, described, why)) return FromAgent(why);
  RK_TRY(auto key, Read(described));
  if (!key || key->id != id || key->type != type) return Broken("it made another key than it was asked for");
  return *std::move(key);
}

Result<MadeSignature> KeyAgent::Sign(const ManagedKey& key, const SignRequest& request, const Patience& patience) {
  if (!Offers(key, request)) {
    return Error(Code::kUnimplemented, "the token does not offer this kind of signature with this key");
  }
  keysocket::Signature signature;
  Failure why;
  while (!client_.Sign(CallFor(key, request), patience.deadline, signature, why)) {
    // That too many wait for the token.
    Error refusal = FromAgent(why);
    if (refusal.code() != Code::kResourceExhausted || !WaitToAskAgain(refusal, patience)) return refusal;
  }
  return Copy(signature);
}

std::optional<keysocket::PendingSignature> KeyAgent::SignBegin(const ManagedKey& key, const SignRequest& request,
                                                               Deadline deadline) {
  keysocket::PendingSignature pending;
  Failure why;
  if (!Offers(key, request) || !client_.SignBegin(CallFor(key, request), deadline, pending, why)) return std::nullopt;
  return pending;
}

Result<MadeSignature> KeyAgent::SignEnd(keysocket::PendingSignature pending) {
  keysocket::Signature signature;
  Failure why;
  if (!client_.SignEnd(std::move(pending), signature, why)) return FromAgent(why);
  return Copy(signature);
}

}  // namespace rootkeep::spire
