#include "tools/rootkeep-agent/foreign_ca_keys.h"

#include <fmt/format.h>

#include "keystore/base/log.h"
#include "keystore/catalog/catalogued_store.h"
#include "keystore/catalog/destruction.h"
#include "keystore/catalog/permission.h"
#include "keystore/keysocket/server/server.h"
#include "keystore/keysocket/wire/reasons.h"

namespace rootkeep::agent {
namespace {

static_assert(ForeignCaKeys::kMostInOneToken < keysocket::ServerOptions::kManagers);

constexpr std::chrono::seconds kDestroyDeadline{5};

void Report(const std::string& label, const Status& status) {
  if (!status.ok()) log::Warning("replaced_key_kept", {{"key", label}, {"detail", status.error().ToString()}});
}

}  // namespace

ForeignCaKeys::Creation::Creation(ForeignCaKeys& keys, const TokenName& token) : keys_(keys) {
  const MutexLock lock(keys_.mutex_);
  Token& in = keys_.Of(token);
  if (in.creations >= kMostInOneToken) return;
  ++in.creations;
  token_ = &in;
}

ForeignCaKeys::Creation::~Creation() {
  if (token_ == nullptr) return;
  const MutexLock lock(keys_.mutex_);
  --token_->creations;
}

Result<ReplacedKeys> ForeignCaKeys::Judge(const Place& place, const std::string& name) const {
  RK_TRY(const std::vector<CatalogEntry> entries, place.catalog.List());
  return JudgeReplaced(entries, {.maker = kUserAgent, .name = name}, place.token, policy_, clock_.Now());
}

Result<KeyInfo> ForeignCaKeys::Create(const std::shared_ptr<KeyStore>& store, const TokenName& token,
                                      const KeySpec& spec, Deadline deadline) {
  const Creation creation(*this, token);
  if (!creation) {
    return ResourceExhausted("keys are being made, as many as may be at once")
        .WithReason(keysocket::kReasonCreations)
        .WithRetryAfter(std::chrono::seconds(1));
  }
  const Turn::Holder turn(TurnOf(token), deadline);
  if (!turn) return Unavailable("wait for another key to be made").WithReason("deadline");
  RK_TRY(std::shared_ptr<Catalog> catalog, Catalog::Open(catalog_path_));
  const Place place{.catalog = *catalog, .store = *store, .token = token, .deadline = deadline};
  RK_RETURN_IF_ERROR(MakeRoom(place, spec.name));
  CataloguedStore catalogued(store, catalog, token, clock_, DefaultUsers(spec.use), {}, std::string(kUserAgent));
  RK_TRY(KeyInfo made, catalogued.Create(spec, deadline));
  {
    const MutexLock lock(mutex_);
    signatures_.emplace(made.label, 0);
  }
  // Only that: what is to be destroyed takes a token's time, and somebody waits for this key.
  if (const auto keys = Judge(place, spec.name); keys.ok()) Retire(place, *keys);
  return made;
}

Status ForeignCaKeys::MakeRoom(const Place& place, const std::string& name) {
  RK_TRY(const ReplacedKeys keys, Judge(place, name));
  std::size_t kept = keys.kept;
  std::string why;
  for (const auto* labels : {&keys.destroy, &keys.spare}) {
    for (const std::string& label : *labels) {
      if (kept < policy_.keep) return Ok();
      const Status destroyed = Destroy(place, label, "more would be kept than the configuration allows");
      if (destroyed.ok()) --kept;
      if (!destroyed.ok()) why = destroyed.error().ToString();
    }
  }
  if (kept < policy_.keep) return Ok();
  return ResourceExhausted(fmt::format("{} keys of the name \"{}\" are kept, and none could be destroyed: {}", kept,
                                       name,
                                       why.empty() ? "each may be in use, or was not made or not finished here" : why))
      .WithReason("replaced_keys")
      .WithHint(
          "rootkeep key list shows them, rootkeep key destroy ends one; replaced_keys.keep says how many there may be");
}

Status ForeignCaKeys::Destroy(const Place& place, const std::string& label, std::string_view why) {
  const Deadline deadline = std::min(place.deadline, After(kDestroyDeadline));
  Status destroyed = DestroyKey(place.catalog, place.store, place.token, label, clock_, deadline);
  if (!destroyed.ok()) return destroyed;
  log::Info("replaced_key_destroyed", {{"key", label}, {"reason", why}});
  const MutexLock lock(mutex_);
  signatures_.erase(label);
  used_.erase(label);
  return Ok();
}

void ForeignCaKeys::Retire(const Place& place, const ReplacedKeys& keys) {
  for (const std::string& label : keys.retire) {
    const Status retired = place.catalog.Retire(label, clock_.Now());
    if (retired.ok()) log::Info("key_replaced_by_owner", {{"key", label}});
    Report(label, retired);
  }
}

void ForeignCaKeys::TidyUp(const Place& place, const std::string& name) {
  const auto keys = Judge(place, name);
  if (!keys.ok()) return log::Warning("replaced_keys_unknown", {{"detail", keys.error().ToString()}});
  Retire(place, *keys);
  for (const auto* labels : {&keys->destroy, &keys->missing}) {
    for (const std::string& label : *labels) Report(label, Destroy(place, label, "its grace is over"));
  }
  for (const std::string& label : keys->forget) Report(label, place.catalog.Forget(label));
}

ForeignCaKeys::Token& ForeignCaKeys::Of(const TokenName& token) { return tokens_[{token.label, token.serial}]; }

Turn& ForeignCaKeys::TurnOf(const TokenName& token) {
  const MutexLock lock(mutex_);
  return Of(token).turn;
}

void ForeignCaKeys::Round(KeyStore& store, const TokenName& token) {
  const Deadline deadline = After(kDestroyDeadline);
  const Turn::Holder turn(TurnOf(token), std::chrono::steady_clock::now());
  if (!turn) return;
  const auto catalog = Catalog::OpenExisting(catalog_path_);
  if (!catalog.ok()) return;  // none yet; or KeyWatch tells of it
  const auto entries = (*catalog)->List();
  if (!entries.ok()) return;
  const Place place{.catalog = **catalog, .store = store, .token = token, .deadline = deadline};
  for (const std::string& name : NamesOfMaker(*entries, kUserAgent)) TidyUp(place, name);
}

Status ForeignCaKeys::BeforeSignature(const std::string& label) {
  if (MayGoUnrecorded(label)) return Ok();
  auto catalog = Catalog::OpenExisting(catalog_path_);
  Status marked = catalog.ok() ? (*catalog)->MarkUsed(label, clock_.Now()) : Status(std::move(catalog).error());
  // A key without a row is none that is ever destroyed here.
  if (!marked.ok() && marked.error().code() != Code::kNotFound) return marked;
  const MutexLock lock(mutex_);
  used_.insert(label);
  signatures_.erase(label);
  return Ok();
}

bool ForeignCaKeys::MayGoUnrecorded(const std::string& label) {
  const MutexLock lock(mutex_);
  if (used_.contains(label)) return true;
  const auto made = signatures_.find(label);
  return made != signatures_.end() && made->second++ < kOwnSignatures;
}

}  // namespace rootkeep::agent
