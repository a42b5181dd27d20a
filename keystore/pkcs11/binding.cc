#include "keystore/pkcs11/binding.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "keystore/pkcs11/ckr.h"
#include "keystore/pkcs11/private_keys.h"
#include "keystore/pkcs11/public_half.h"
#include "keystore/pkcs11/reasons.h"

namespace rootkeep::pkcs11 {
namespace {

constexpr auto kUseKeyItselfEvery = std::chrono::milliseconds(5);

// A software token signs with this machine's processors, and soon has other things to wait for than one object.
constexpr unsigned kMostCopies = 4;

// A copy must not be less protected than its original, whatever the token makes of the template.
bool IsAsProtected(const Module::Use& use, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE copy) {
  const auto read = Attributes::Read(use, session, copy,
                                     {CKA_TOKEN, CKA_PRIVATE, CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_DECRYPT, CKA_UNWRAP,
                                      CKA_DERIVE, CKA_SIGN_RECOVER, CKA_ALWAYS_AUTHENTICATE});
  if (!read.ok()) return false;
  const auto off = [&read](CK_ATTRIBUTE_TYPE type) { return !read->Bool(type).value_or(false); };
  return off(CKA_TOKEN) && !off(CKA_PRIVATE) && !off(CKA_SENSITIVE) && read->Bool(CKA_EXTRACTABLE) == false &&
         off(CKA_DECRYPT) && off(CKA_UNWRAP) && off(CKA_DERIVE) && off(CKA_SIGN_RECOVER) &&
         off(CKA_ALWAYS_AUTHENTICATE);
}

// A session object of the login session, or CK_INVALID_HANDLE where the token or the key does not allow a good one.
CK_OBJECT_HANDLE CopyIntoSession(const Connection& connection, const Module::Use& use, CK_OBJECT_HANDLE key) {
  Template changes;
  changes.Bool(CKA_TOKEN, false);
  CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;
  const CK_SESSION_HANDLE session = connection.login_session();
  if (use->C_CopyObject(session, key, changes.data(), changes.size(), &copy) != CKR_OK) return CK_INVALID_HANDLE;
  if (IsAsProtected(use, session, copy)) return copy;
  use->C_DestroyObject(session, copy);
  return CK_INVALID_HANDLE;
}

// One for each who may sign at once, as far as the token makes them.
std::vector<CK_OBJECT_HANDLE> CopiesOf(const Connection& connection, const Module::Use& use, CK_OBJECT_HANDLE key) {
  std::vector<CK_OBJECT_HANDLE> copies;
  if (!connection.token().device.software) return copies;
  const unsigned wanted = std::clamp(std::thread::hardware_concurrency(), 1U, kMostCopies);
  while (copies.size() < wanted) {
    const CK_OBJECT_HANDLE copy = CopyIntoSession(connection, use, key);
    if (copy == CK_INVALID_HANDLE) break;
    copies.push_back(copy);
  }
  return copies;
}

Error Missing(const KeyInfo& key, std::string_view what) {
  return Unavailable(fmt::format("{} of key \"{}\" is not on token \"{}\"", what, key.label, key.device.label))
      .WithReason(kReasonKeyMissing);
}

Status CheckSamePublicKey(const Module::Use& use, CK_SESSION_HANDLE session, const KeyInfo& key) {
  const auto public_half = FindPublicHalf(use, session, key.id, key.label);
  if (!public_half.ok() && public_half.error().reason() == kReasonKeyUnusable) return Missing(key, "the public half");
  if (!public_half.ok()) return public_half.error();
  RK_TRY(const PublicKey found, ReadPublicHalf(use, session, *public_half));
  if (found == key.public_key) return Ok();
  return Error(Code::kDataLoss,
               fmt::format("token \"{}\": the key under id {} has fingerprint {}, want {}", key.device.label,
                           ToHex(key.id), found.FingerprintHex(), key.public_key.FingerprintHex()))
      .WithReason(kReasonKeyChanged)
      .WithHint("another key took its place; nothing is signed with it");
}

// The handle of `key` on this connection.
Result<CK_OBJECT_HANDLE> FindAgain(const Connection& connection, const Module::Use& use, CK_SESSION_HANDLE session,
                                   const KeyInfo& key) {
  RK_TRY(const auto found, FindPrivateKeys(use, session, key.id, {}));
  auto handle = OnlyOne(found, "id " + ToHex(key.id), Missing(key, "the private half"));
  if (!handle.ok()) return connection.Explain(use, std::move(handle).error());
  Status same = CheckSamePublicKey(use, session, key);
  if (!same.ok()) return connection.Explain(use, std::move(same).error());
  return handle;
}

}  // namespace

Result<std::shared_ptr<Binding>> Binding::Make(const std::shared_ptr<Connection>& connection, const Module::Use& use,
                                               const KeyInfo& key, Deadline deadline) {
  RK_TRY(Session session, connection->sessions().Lease(use, deadline));
  RK_TRY(const CK_OBJECT_HANDLE handle, FindAgain(*connection, use, session.handle(), key));
  session.Recycle();
  return std::shared_ptr<Binding>(new Binding(connection, handle, CopiesOf(*connection, use, handle)));
}

Binding::Binding(const std::shared_ptr<Connection>& connection, CK_OBJECT_HANDLE key,
                 const std::vector<CK_OBJECT_HANDLE>& copies)
    : connection_(connection), key_(key), copies_(copies.size()) {
  for (std::size_t i = 0; i < copies.size(); ++i) copies_[i].value = copies[i];
}

Binding::~Binding() {
  const auto connection = connection_.lock();
  if (copies_.empty() || connection == nullptr) return;
  // Without waiting: where the module is being finalised, its session objects go with it.
  const auto use = connection->Enter(std::chrono::steady_clock::now());
  if (!use.ok()) return;
  for (const Copy& copy : copies_) (*use)->C_DestroyObject(connection->login_session(), copy.value);
}

Binding::Handle Binding::HandleAt(std::chrono::steady_clock::time_point now) {
  if (copies_.empty()) return {key_, nullptr};
  const std::int64_t ticks = now.time_since_epoch().count();
  std::int64_t last = key_used_at_.load(std::memory_order_relaxed);
  const bool due = ticks - last >= std::chrono::steady_clock::duration(kUseKeyItselfEvery).count();
  if (due && key_used_at_.compare_exchange_strong(last, ticks, std::memory_order_relaxed)) return {key_, nullptr};
  for (Copy& copy : copies_) {
    if (!copy.busy.exchange(true, std::memory_order_acquire)) return {copy.value, &copy.busy};
  }
  return {copies_.front().value, nullptr};
}

}  // namespace rootkeep::pkcs11
