#include "providers/spire/keymanager/key_manager.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "keystore/base/log.h"
#include "keystore/keysocket/wire/reasons.h"
#include "providers/spire/keymanager/settings.h"

namespace rootkeep::spire {
namespace {

using keysocket::WireType;

// By SPIRE's numbers, from 1 on.
constexpr std::array kTypes{WireType::kEcP256, WireType::kEcP384, WireType::kRsa2048, WireType::kRsa4096};

std::optional<WireType> TypeOf(int number) {
  if (number < 1 || number > static_cast<int>(kTypes.size())) return std::nullopt;
  return kTypes[static_cast<std::size_t>(number - 1)];
}

// Perhaps another key is called like that now.
bool IsReplaced(const Error& error) {
  return error.code() == Code::kFailedPrecondition || error.code() == Code::kNotFound;
}

}  // namespace

int SpireTypeOf(WireType type) { return static_cast<int>(std::ranges::find(kTypes, type) - kTypes.begin()) + 1; }

struct KeyManager::Instance {
  explicit Instance(Settings of) : settings(std::move(of)), agent(settings.socket, settings.instance, kReconnectWait) {}

  // Reads anew what the agent has.
  Result<std::shared_ptr<const ManagedKeys>> Refresh(Deadline deadline) const {
    const Turn::Holder turn(changing, deadline);
    if (!turn) return Unavailable("wait for a key to be made");
    RK_TRY(ManagedKeys listed, agent.List(deadline));
    auto now = std::make_shared<const ManagedKeys>(std::move(listed));
    keys.Set(now);
    return now;
  }

  // Makes a key and notes it.
  Result<ManagedKey> Make(const std::string& id, WireType type, const Patience& patience) const;

  // Signs with the key of that id; where the agent says that it is not to be used any more, with the one that has taken
  // its place.
  Result<Signed> Sign(const std::string& id, const SignerOptions& options, std::string_view digest,
                      const Patience& patience) const;

  const Settings settings;
  mutable KeyAgent agent;
  mutable Turn changing;  // whoever changes the table below
  mutable Snapshot<ManagedKeys> keys{std::make_shared<const ManagedKeys>()};
};

Status KeyManager::Validate(const std::string& /*trust_domain*/, hcl::Section& settings) {
  auto read = ReadSettings(settings);
  return read.ok() ? Ok() : Status(std::move(read).error());
}

Status KeyManager::Configure(const std::string& /*trust_domain*/, hcl::Section& settings) {
  RK_TRY(const Settings read, ReadSettings(settings));
  // The same one, so that a key that is being made is not lost from the table.
  if (const auto now = instance_.Get(); now != nullptr && now->settings == read) {
    auto keys = now->Refresh(After(kCallDeadline));
    return keys.ok() ? Ok() : Status(std::move(keys).error());
  }
  auto instance = std::make_shared<const Instance>(read);
  RK_TRY(ManagedKeys keys, KeyAgent(read.socket, read.instance, kStartPatience).List(After(kCallDeadline)));
  log::Info("keymanager configured",
            {{"socket", read.socket}, {"instance", read.instance}, {"keys", std::to_string(keys.size())}});
  instance->keys.Set(std::make_shared<const ManagedKeys>(std::move(keys)));
  instance_.Set(std::move(instance));
  return Ok();
}

Result<std::shared_ptr<const KeyManager::Instance>> KeyManager::Configured() const {
  auto instance = instance_.Get();
  if (instance == nullptr) return FailedPrecondition("not configured");
  return instance;
}

Result<ManagedKey> KeyManager::GenerateKey(const std::string& id, int type, const Patience& patience) {
  if (id.empty()) return InvalidArgument("key id is required");
  if (type == 0) return InvalidArgument("key type is required");
  const auto wanted = TypeOf(type);
  if (!wanted) return InvalidArgument(fmt::format("unable to generate key \"{}\" for unknown key type {}", id, type));
  RK_TRY(const auto instance, Configured());
  // While others' keys are being made, whoever wants to know of ours has the turn.
  for (;;) {
    auto made = instance->Make(id, *wanted, patience);
    if (made.ok() || made.error().reason() != keysocket::kReasonCreations) return made;
    if (!WaitToAskAgain(made.error(), patience)) return made;
  }
}

Result<ManagedKeys> KeyManager::GetPublicKeys(Deadline deadline) {
  RK_TRY(const auto instance, Configured());
  RK_TRY(const auto keys, instance->Refresh(deadline));
  return *keys;
}

Result<std::optional<ManagedKey>> KeyManager::GetPublicKey(const std::string& id, Deadline deadline) {
  if (id.empty()) return InvalidArgument("key id is required");
  RK_TRY(const ManagedKeys keys, GetPublicKeys(deadline));
  const auto found = keys.find(id);
  return found == keys.end() ? std::optional<ManagedKey>() : found->second;
}

Result<KeyManager::Signed> KeyManager::SignData(const std::string& id, const std::optional<SignerOptions>& options,
                                                std::string_view digest, const Patience& patience) {
  if (id.empty()) return InvalidArgument("key id is required");
  if (!options) return InvalidArgument("signer opts is required");
  if (options->hash == 0) {
    return InvalidArgument(options->pss_salt_length ? "hash algorithm in PSS options is required"
                                                    : "hash algorithm is required");
  }
  RK_TRY(const auto instance, Configured());
  return instance->Sign(id, *options, digest, patience);
}

std::optional<KeyManager::Asked> KeyManager::SignDataBegin(const std::string& id,
                                                           const std::optional<SignerOptions>& options,
                                                           std::string_view digest, Deadline deadline) {
  auto instance = instance_.Get();
  if (instance == nullptr || !options || options->hash == 0) return std::nullopt;
  const auto keys = instance->keys.Get();
  const auto key = keys->find(id);
  if (key == keys->end()) return std::nullopt;
  const auto request = PrepareToSign(key->second.type, *options, digest);
  if (!request.ok()) return std::nullopt;
  auto pending = instance->agent.SignBegin(key->second, *request, deadline);
  if (!pending) return std::nullopt;
  return Asked{.instance = std::move(instance), .pending = *std::move(pending), .fingerprint = key->second.fingerprint};
}

Result<KeyManager::Signed> KeyManager::SignDataEnd(Asked asked) {
  RK_TRY(MadeSignature made, asked.instance->agent.SignEnd(std::move(asked.pending)));
  return Signed{.signature = std::move(made.octets), .fingerprint = asked.fingerprint, .queued = made.queued};
}

Result<ManagedKey> KeyManager::Instance::Make(const std::string& id, WireType type, const Patience& patience) const {
  const Turn::Holder turn(changing, patience.deadline);
  if (!turn) return Unavailable("wait for another key to be made");
  // It would take the place of one that its caller still uses.
  if (patience.gone.stop_requested()) return Unavailable("the caller has gone");
  RK_TRY(ManagedKey made, agent.Create(id, type, patience.deadline));
  auto now = std::make_shared<ManagedKeys>(*keys.Get());
  (*now)[id] = made;
  keys.Set(std::move(now));
  log::Info("key made", {{"key_id", id}, {"generation", std::to_string(made.generation)}});
  return made;
}

bool KeyManager::MayGoBetter(const Error& error) {
  return error.code() == Code::kUnavailable || error.code() == Code::kResourceExhausted || IsReplaced(error);
}

Result<KeyManager::Signed> KeyManager::Instance::Sign(const std::string& id, const SignerOptions& options,
                                                      std::string_view digest, const Patience& patience) const {
  auto known = keys.Get();
  for (bool refreshed = false;; refreshed = true) {
    const auto key = known->find(id);
    if (key == known->end()) return NotFound(fmt::format("no such key \"{}\"", id));
    RK_TRY(const SignRequest request, PrepareToSign(key->second.type, options, digest));
    auto signature = agent.Sign(key->second, request, patience);
    if (signature.ok()) {
      return Signed{.signature = std::move(signature->octets),
                    .fingerprint = key->second.fingerprint,
                    .queued = signature->queued};
    }
    if (refreshed || !IsReplaced(signature.error())) return std::move(signature).error();
    const keysocket::Fingerprint asked = key->second.fingerprint;
    RK_TRY(known, Refresh(patience.deadline));
    const auto now = known->find(id);
    if (now == known->end() || now->second.fingerprint == asked) return std::move(signature).error();
  }
}

}  // namespace rootkeep::spire
