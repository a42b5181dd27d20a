#include "keystore/tpm2/tpm_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "keystore/base/log.h"
#include "keystore/base/random.h"
#include "keystore/tpm2/reasons.h"
#include "keystore/tpm2/store.h"

namespace rootkeep::tpm2 {
namespace {

constexpr std::size_t kAuthSize = 32;  // as long as the digest of the Name

// Somebody's program starts with opening its keys; lists and new keys can wait until that is done.
DeviceRequest Urgently(Deadline deadline) {
  static const auto& share = *new Share{.priority = Priority::kInteractive, .flow = {}};
  return {.work = DeviceWork::Management(), .share = share, .deadline = deadline};
}
DeviceRequest Later(Deadline deadline) {
  static const auto& share = *new Share{.priority = Priority::kBulk, .flow = {}};
  return {.work = DeviceWork::Management(), .share = share, .deadline = deadline};
}

Status CheckNamesAKey(const KeyUri& uri) {
  if (uri.scheme != UriScheme::kTpm2) return InvalidArgument(uri.Redacted() + " is not a tpm2: URI");
  if (!uri.object_id.empty() || !uri.object_label.empty()) return Ok();
  return InvalidArgument(uri.Redacted() + " names no key").WithHint("add object=, id= or handle=");
}

Status CheckIsIn(const KeyUri& uri, const DeviceInfo& device) {
  const auto differs = [](const std::string& want, const std::string& is) { return !want.empty() && want != is; };
  if (differs(uri.token_label, device.label) || differs(uri.token_serial, device.serial) ||
      differs(uri.token_manufacturer, device.manufacturer) || differs(uri.token_model, device.model)) {
    return NotFound(
        fmt::format("{} names another TPM than \"{}\" with serial {}", uri.Redacted(), device.label, device.serial));
  }
  return Ok();
}

Error NothingAnswers(const KeyUri& uri) {
  return NotFound("no key answers to " + uri.Redacted()).WithReason(kReasonKeyNotFound);
}

Status CheckSpec(const KeySpec& spec) {
  if (spec.custody != CustodyLevel::kLocalOnly) {
    return FailedPrecondition("a TPM has no keys that a backup could wrap").WithReason("custody");
  }
  if (spec.type != KeyType::kEd25519) return Ok();
  return Error(Code::kUnimplemented, "a TPM has no Ed25519 keys");
}

// A TPM drops zeros at the end of an auth value.
Result<SecretBytes> NewAuth() {
  for (;;) {
    RK_TRY(Bytes octets, RandomBytes(kAuthSize));
    if (octets.back() != 0) return SecretBytes(std::move(octets));
  }
}

}  // namespace

Result<std::shared_ptr<const Signer>> TpmStore::Open(const KeyUri& uri, Deadline deadline) {
  RK_RETURN_IF_ERROR(CheckNamesAKey(uri));
  return loader_->tpm().Run(Urgently(deadline), [&](Connection& connection) -> Result<std::shared_ptr<const Signer>> {
    RK_TRY(const StoredKey key, Find(connection, uri));
    RK_RETURN_IF_ERROR(loader_->Load(connection, key));
    return SignerFor(connection, key);
  });
}

Result<StoredKey> TpmStore::Find(Connection& connection, const KeyUri& uri) {
  RK_TRY(const DeviceInfo device, loader_->Describe(connection));
  RK_RETURN_IF_ERROR(CheckIsIn(uri, device));
  if (!uri.object_label.empty()) {
    if (!KeyDirectory::NameFor(uri.object_label).ok()) return NothingAnswers(uri);
    RK_TRY(StoredKey key, ReadKey(loader_->directory(), connection, uri.object_label));
    if (!uri.object_id.empty() && uri.object_id != key.id()) return NothingAnswers(uri);
    return key;
  }
  RK_TRY(const auto labels, loader_->directory().Labels());
  std::vector<StoredKey> found;
  for (const std::string& label : labels) {
    auto key = ReadKey(loader_->directory(), connection, label);
    if (key.ok() && key->id() == uri.object_id) found.push_back(*std::move(key));
  }
  if (found.empty()) return NothingAnswers(uri);
  if (found.size() == 1) return found.front();
  return FailedPrecondition(fmt::format("{} keys answer to {}", found.size(), uri.Redacted()))
      .WithReason(kReasonKeyAmbiguous)
      .WithHint("name the key by its label");
}

Result<std::shared_ptr<const Signer>> TpmStore::SignerFor(Connection& connection, const StoredKey& key) {
  RK_TRY(KeyInfo info, loader_->Describe(connection, key));
  const MutexLock lock(mutex_);
  std::erase_if(signers_, [](const auto& entry) { return entry.second.expired(); });
  auto& slot = signers_[key.label];
  if (auto existing = slot.lock(); existing != nullptr && existing->info().public_key == info.public_key) {
    return std::shared_ptr<const Signer>(existing);
  }
  auto made = std::make_shared<const TpmSigner>(loader_, std::move(info), key.name);
  slot = made;
  return std::shared_ptr<const Signer>(made);
}

Result<KeyInfo> TpmStore::Create(const KeySpec& spec, Deadline deadline) {
  RK_TRY(const std::string label, KeyLabel(spec));
  RK_RETURN_IF_ERROR(CheckSpec(spec));
  SecretBytes auth;
  if (!loader_->options().empty_auth) {
    RK_TRY(auth, NewAuth());
  }
  RK_TRY(const Fd adding, loader_->directory().LockForAdding(deadline));
  RK_RETURN_IF_ERROR(loader_->directory().CheckIsFree(label));
  // Run again after a reset: a key that was made and not written is nobody's.
  KeyFile file;
  RK_TRY(KeyInfo info, loader_->tpm().Run(Later(deadline), [&](Connection& connection) -> Result<KeyInfo> {
    RK_TRY(file, loader_->Create(connection, spec.type, auth));
    RK_TRY(const StoredKey key, FromFile(label, file));
    return loader_->Describe(connection, key);
  }));
  RK_RETURN_IF_ERROR(loader_->directory().Add(label, file, auth));
  log::Info("tpm2.key_made", {{"tpm", info.device.label},
                              {"label", label},
                              {"id", ToHex(info.id)},
                              {"fingerprint", info.public_key.FingerprintHex()}});
  return info;
}

Status TpmStore::Delete(const KeyUri& uri, Deadline deadline) {
  RK_RETURN_IF_ERROR(CheckNamesAKey(uri));
  RK_TRY(const Fd changing, loader_->directory().LockForAdding(deadline));
  Status removed = loader_->tpm().Run(Later(deadline), [&](Connection& connection) -> Status {
    RK_TRY(const StoredKey key, Find(connection, uri));
    if (key.persistent) {
      return Error(Code::kUnimplemented, "a persistent key stays in the TPM until its owner evicts it")
          .WithHint("tpm2_evictcontrol does, with the owner's authority");
    }
    RK_RETURN_IF_ERROR(loader_->directory().Remove(key.label));
    if (KeyLoader::Kept(connection, key.name) != ESYS_TR_NONE) connection.kept().DropKey();
    return Ok();
  });
  if (removed.ok()) log::Warning("tpm2.key_destroyed", {{"uri", uri.Redacted()}});
  return removed;
}

Result<std::vector<KeyInfo>> TpmStore::List(Deadline deadline) {
  return loader_->tpm().Run(Later(deadline), [&](Connection& connection) -> Result<std::vector<KeyInfo>> {
    RK_RETURN_IF_ERROR(loader_->Describe(connection));
    RK_TRY(const auto labels, loader_->directory().Labels());
    std::vector<KeyInfo> keys;
    for (const std::string& label : labels) {
      const auto key = ReadKey(loader_->directory(), connection, label);
      if (!key.ok()) {
        log::Warning("tpm2.key_left_out", {{"label", label}, {"error", key.error().ToString()}});
        continue;
      }
      auto info = loader_->Describe(connection, *key);
      if (info.ok()) {
        keys.push_back(*std::move(info));
      } else if (info.error().reason() != kReasonKeyUnusable) {
        return std::move(info).error();
      }
    }
    return keys;
  });
}

Result<std::shared_ptr<KeyStore>> OpenStore(std::shared_ptr<Tpm> tpm, StoreOptions options) {
  if (options.name.empty()) return InvalidArgument("a TPM's store has a name, and this has none");
  if (!options.directory.starts_with('/')) {
    return InvalidArgument("the directory of a TPM's keys is not absolute: \"" + options.directory + "\"");
  }
  auto loader = std::make_shared<KeyLoader>(std::move(tpm), std::move(options));
  return std::shared_ptr<KeyStore>(std::make_shared<TpmStore>(std::move(loader)));
}

}  // namespace rootkeep::tpm2
