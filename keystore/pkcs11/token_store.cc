#include "keystore/pkcs11/token_store.h"

#include <fmt/format.h>

#include "keystore/base/log.h"
#include "keystore/base/random.h"
#include "keystore/pkcs11/ckr.h"
#include "keystore/pkcs11/destroy.h"
#include "keystore/pkcs11/find_key.h"
#include "keystore/pkcs11/generate.h"
#include "keystore/pkcs11/private_keys.h"
#include "keystore/pkcs11/quirks.h"
#include "keystore/pkcs11/reasons.h"
#include "keystore/pkcs11/store.h"
#include "keystore/pkcs11/write_session.h"

namespace rootkeep::pkcs11 {
namespace {

using ConnectionPtr = std::shared_ptr<Connection>;
using Ticket = DeviceQueue::Ticket;

// Somebody's program starts with opening its keys; lists and new keys can wait until that is done.
const Share& Urgent() {
  static const auto& share = *new Share{.priority = Priority::kInteractive, .flow = {}};
  return share;
}
const Share& Later() {
  static const auto& share = *new Share{.priority = Priority::kBulk, .flow = {}};
  return share;
}

DeviceRequest Manage(const Share& share, Deadline deadline) {
  return {.work = DeviceWork::Management(), .share = share, .deadline = deadline};
}

Status CheckNamesAKey(const KeyUri& uri) {
  if (uri.scheme != UriScheme::kPkcs11) return InvalidArgument(uri.Redacted() + " is not a pkcs11: URI");
  if (uri.object_id.empty() && uri.object_label.empty()) {
    return InvalidArgument(uri.Redacted() + " names no key").WithHint("add object= or id=");
  }
  return Ok();
}

Result<KeyInfo> ReadNamedKey(const ConnectionPtr& connection, const KeyUri& uri, Deadline deadline) {
  RK_TRY(const Module::Use use, connection->Enter(deadline));
  RK_TRY(const auto lock, connection->LockKeys(use, KeyAccess::kFind, deadline));
  RK_TRY(Session session, connection->sessions().Lease(use, deadline));
  RK_TRY(const CK_OBJECT_HANDLE key, FindNamedKey(*connection, use, session.handle(), uri));
  auto info = DescribeKey(use, session.handle(), connection->token(), key);
  if (!info.ok()) return connection->Explain(use, std::move(info).error());
  session.Recycle();
  return info;
}

Result<std::vector<KeyInfo>> ReadAllKeys(const ConnectionPtr& connection, Deadline deadline) {
  RK_TRY(const Module::Use use, connection->Enter(deadline));
  RK_TRY(const auto lock, connection->LockKeys(use, KeyAccess::kFind, deadline));
  RK_TRY(Session session, connection->sessions().Lease(use, deadline));
  RK_TRY(const auto handles, FindPrivateKeys(use, session.handle(), {}, {}));
  std::vector<KeyInfo> keys;
  for (const CK_OBJECT_HANDLE handle : handles) {
    auto info = DescribeKey(use, session.handle(), connection->token(), handle);
    if (info.ok()) {
      keys.push_back(*std::move(info));
    } else if (info.error().reason() != kReasonKeyUnusable) {
      return std::move(info).error();
    }
  }
  RK_RETURN_IF_ERROR(connection->Check(use));
  session.Recycle();
  return keys;
}

Status LookForLabel(const ConnectionPtr& connection, const std::string& label, Deadline deadline) {
  RK_TRY(const Module::Use use, connection->Enter(deadline));
  RK_TRY(const auto lock, connection->LockKeys(use, KeyAccess::kFind, deadline));
  RK_TRY(Session session, connection->sessions().Lease(use, deadline));
  Template search;
  search.Text(CKA_LABEL, label);
  RK_TRY(const auto found, FindObjects(use, session.handle(), search, 1000));
  RK_RETURN_IF_ERROR(connection->Check(use));
  session.Recycle();
  if (found.empty()) return Ok();
  return AlreadyExists(
             fmt::format("token \"{}\" has an object with label \"{}\"", connection->token().device.label, label))
      .WithHint("a key is never overwritten: choose another name, or the next generation");
}

Result<KeyInfo> GenerateAndDescribe(const Module::Use& use, const WriteSession& session, const Token& token,
                                    const KeySpec& spec, const std::string& label, ByteView id) {
  RK_TRY(const CK_OBJECT_HANDLE key, GenerateKeyPair(use, session.handle(), spec, label, id));
  auto info = DescribeKey(use, session.handle(), token, key);
  if (info.ok()) return info;
  return std::move(info).error().Within(
      fmt::format("the key pair \"{}\" with id {} was made and is still on token \"{}\", but cannot be read back",
                  label, ToHex(id), token.device.label));
}

Result<KeyInfo> MakeKey(const ConnectionPtr& connection, const KeySpec& spec, const std::string& label, ByteView id,
                        Deadline deadline) {
  RK_TRY(const Module::Use use, connection->Enter(deadline));
  RK_TRY(const auto lock, connection->LockKeys(use, KeyAccess::kChange, deadline));
  RK_RETURN_IF_ERROR(CheckOffered(use, connection->token().slot, spec.type));
  RK_TRY(const WriteSession session, connection->OpenToWrite(use, deadline));
  auto made = GenerateAndDescribe(use, session, connection->token(), spec, label, id);
  // Also when none was made: the device may have had no room for it.
  if (use.module().quirks().keys_stay_loaded) connection->Unload(use, deadline);
  return made;
}

}  // namespace

Result<std::shared_ptr<const Signer>> TokenStore::Open(const KeyUri& uri, Deadline deadline) {
  RK_RETURN_IF_ERROR(CheckNamesAKey(uri));
  const auto read = [&](const ConnectionPtr& connection, Ticket&) { return ReadNamedKey(connection, uri, deadline); };
  auto info = link_->Run(Manage(Urgent(), deadline), read);
  const bool may_be_new =
      !info.ok() && info.error().reason() == kReasonKeyNotFound && link_->quirks().answers_from_memory;
  if (may_be_new && link_->RenewForAbsentKey(deadline)) info = link_->Run(Manage(Urgent(), deadline), read);
  if (!info.ok()) return std::move(info).error();
  return SignerFor(*std::move(info));
}

Result<KeyInfo> TokenStore::Create(const KeySpec& spec, Deadline deadline) {
  RK_TRY(const std::string label, KeyLabel(spec));
  RK_TRY(const Bytes id, RandomBytes(16));
  const Turn::Holder turn(create_turn_, deadline);
  if (!turn) return Unavailable("wait for another key to be made").WithReason(kReasonDeadline);
  // Or a label that another program took meanwhile would look free.
  if (link_->quirks().answers_from_memory) RK_RETURN_IF_ERROR(link_->Renew(deadline));
  RK_RETURN_IF_ERROR(CheckLabelIsFree(label, deadline));
  RK_TRY(KeyInfo info, link_->RunOnce(Manage(Later(), deadline), [&](const ConnectionPtr& connection, Ticket&) {
    return MakeKey(connection, spec, label, id, deadline);
  }));
  log::Info("pkcs11.key_made", {{"token", info.device.label},
                                {"label", label},
                                {"id", ToHex(id)},
                                {"fingerprint", info.public_key.FingerprintHex()}});
  return info;
}

Status TokenStore::CheckLabelIsFree(const std::string& label, Deadline deadline) {
  return link_->Run(Manage(Later(), deadline), [&](const ConnectionPtr& connection, Ticket&) {
    return LookForLabel(connection, label, deadline);
  });
}

Result<std::vector<KeyInfo>> TokenStore::List(Deadline deadline) {
  return link_->Run(Manage(Later(), deadline),
                    [&](const ConnectionPtr& connection, Ticket&) { return ReadAllKeys(connection, deadline); });
}

Status TokenStore::Probe(Deadline deadline) {
  // Not in the queue: a token that is busy is not away, and neither is one whose keys others have, as long as they take
  // turns.
  return link_->RunUnqueued(deadline, [&](const ConnectionPtr& connection) -> Status {
    RK_TRY(const Module::Use use, connection->Enter(deadline));
    const auto lock = connection->LockKeys(use, KeyAccess::kUse, deadline);
    if (lock.ok()) {
      RK_RETURN_IF_ERROR(connection->Check(use));
      link_->TakeMoreSessions(*connection, use, deadline);
      return Ok();
    }
    if (lock.error().reason() == kReasonDeadline && !use.module().KeysAreStuck()) return Ok();
    return lock.error();
  });
}

Result<std::optional<DeviceSpace>> TokenStore::Space(Deadline deadline) {
  return link_->RunUnqueued(deadline, [&](const ConnectionPtr& connection) -> Result<std::optional<DeviceSpace>> {
    RK_TRY(const Module::Use use, connection->Enter(deadline));
    RK_TRY(const Token token, DescribeToken(use, connection->token().slot));
    return token.space;
  });
}

Status TokenStore::Delete(const KeyUri& uri, Deadline deadline) {
  RK_RETURN_IF_ERROR(CheckNamesAKey(uri));
  RK_RETURN_IF_ERROR(link_->RunOnce(Manage(Later(), deadline), [&](const ConnectionPtr& connection, Ticket&) {
    return DestroyKey(*connection, uri, deadline);
  }));
  log::Warning("pkcs11.key_destroyed", {{"uri", uri.Redacted()}});
  return Ok();
}

Status TokenStore::DeleteRemains(const KeyRemains& remains, Deadline deadline) {
  if (remains.id.empty()) return InvalidArgument("the remains of a key are found by its id, and none is given");
  return link_->RunOnce(Manage(Later(), deadline), [&](const ConnectionPtr& connection, Ticket&) {
    return DestroyRemains(*connection, remains, deadline);
  });
}

std::shared_ptr<const Signer> TokenStore::SignerFor(KeyInfo info) {
  const MutexLock lock(mutex_);
  std::erase_if(signers_, [](const auto& entry) { return entry.second.expired(); });
  auto& slot = signers_[info.public_key.fingerprint()];
  auto existing = slot.lock();
  // What the token says of the key may have changed since.
  if (existing != nullptr && existing->info().label == info.label && existing->info().id == info.id &&
      existing->info().custody == info.custody) {
    return existing;
  }
  auto made = std::make_shared<const TokenSigner>(link_, std::move(info));
  slot = made;
  return made;
}

Result<std::shared_ptr<KeyStore>> OpenStore(std::shared_ptr<Module> module, TokenSelector selector, PinSource pin,
                                            StoreOptions options) {
  if (selector.label.empty() && selector.serial.empty()) {
    return InvalidArgument("a token is named by its label or its serial, and neither is given");
  }
  auto link = std::make_shared<Link>(std::move(module), std::move(selector), std::move(pin), options);
  return std::shared_ptr<KeyStore>(std::make_shared<TokenStore>(std::move(link)));
}

TokenSelector SelectorOf(const KeyUri& uri) { return {.label = uri.token_label, .serial = uri.token_serial}; }

Result<std::vector<DeviceInfo>> ListTokens(Module& module, Deadline deadline) {
  RK_TRY(const Module::Use use, module.Enter(deadline));
  RK_TRY(const auto tokens, PresentTokens(use));
  std::vector<DeviceInfo> devices;
  for (const Token& token : tokens) devices.push_back(token.device);
  return devices;
}

}  // namespace rootkeep::pkcs11
