#include "signer/bundle/root_administration.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "keystore/base/log.h"
#include "signer/bundle/bundle_rows.h"
#include "signer/bundle/outstanding.h"
#include "signer/bundle/root_certificate.h"
#include "signer/store/execute.h"

namespace rootkeep {
namespace {

using store::Database;

constexpr char kActivateFirst[] = "rootkeep root activate another first";

Error IsActive(std::string message) {
  return FailedPrecondition(std::move(message)).WithReason("root_active").WithHint(kActivateFirst);
}

Error Unknown(std::string_view name) {
  return NotFound(fmt::format("no root of the bundle has the fingerprint or key identifier {}", name))
      .WithReason("root_unknown")
      .WithHint("rootkeep root list");
}

// Of a name that several roots share, which a key identifier made to look like a fingerprint could be, none is meant.
Result<BundleRoot*> FindRoot(TrustBundle& bundle, std::string_view name) {
  BundleRoot* found = nullptr;
  for (BundleRoot& root : bundle.roots) {
    if (!IsNamed(root, name)) continue;
    if (found != nullptr) return Unknown(name);
    found = &root;
  }
  if (found == nullptr) return Unknown(name);
  return found;
}

bool AnyIsActive(const TrustBundle& bundle) { return std::ranges::any_of(bundle.roots, &BundleRoot::active); }

Error InUse(const BundleRoot& root, const Outstanding& outstanding) {
  return FailedPrecondition(fmt::format("{} unexpired certificates chain to root {}, the last until {}",
                                        outstanding.count, root.fingerprint,
                                        ToRfc3339(FromUnixSeconds(outstanding.last_not_after))))
      .WithReason("root_in_use")
      .WithHint("rootkeep root taint has them replaced; or remove it by force, with a reason");
}

Status CheckReason(const RootAdministration::Act& act, bool needed) {
  if (act.reason.size() <= RootAdministration::kMaxReason && !(needed && act.reason.empty())) return Ok();
  return InvalidArgument(act.reason.empty() ? "a removal by force needs a reason"
                                            : fmt::format("the reason has {} octets, more than {}", act.reason.size(),
                                                          RootAdministration::kMaxReason))
      .WithReason("root_reason");
}

}  // namespace

Result<std::unique_ptr<RootAdministration>> RootAdministration::Open(TrustBundles& bundles,
                                                                     const std::string& database_path,
                                                                     IssuersUnder issuers_under, const Clock& clock) {
  RK_TRY(auto reader, Database::Open({.path = database_path, .read_only = true}));
  return std::unique_ptr<RootAdministration>(
      new RootAdministration(bundles, std::move(reader), std::move(issuers_under), clock));
}

RootAdministration::RootAdministration(TrustBundles& bundles, std::unique_ptr<Database> reader,
                                       IssuersUnder issuers_under, const Clock& clock)
    : bundles_(bundles), issuers_under_(std::move(issuers_under)), clock_(clock), reader_(std::move(reader)) {}

Result<BundlePtr> RootAdministration::Add(const Act& act, ByteView certificate) {
  constexpr char kWhat[] = "root added";
  auto root = ReadRoot(certificate);
  const std::string subject = root.ok() ? root->fingerprint : "";
  const auto add = [&]() -> Result<BundlePtr> {
    RK_RETURN_IF_ERROR(CheckReason(act, false));
    if (!root.ok()) return root.error();
    RK_RETURN_IF_ERROR(CheckNewRoot(*root, clock_.Now()));
    root->vouches_for_clients = true;
    return bundles_.Change(act.trust_domain, [&](Database& database, TrustBundle& bundle) -> Result<bool> {
      RK_RETURN_IF_ERROR(AddTo(database, bundle, *root));
      RK_RETURN_IF_ERROR(Note(database, act, kWhat, subject, act.reason));
      return true;
    });
  };
  return Settle(act, kWhat, subject, add());
}

Status RootAdministration::AddTo(Database& database, const TrustBundle& bundle, const BundleRoot& root) const {
  if (std::ranges::find(bundle.roots, root.fingerprint, &BundleRoot::fingerprint) != bundle.roots.end()) {
    return AlreadyExists("the bundle has root " + root.fingerprint + " already").WithReason("root_exists");
  }
  RK_RETURN_IF_ERROR(CheckDistinct(root, bundle.roots));
  if (bundle.roots.size() >= kMostRoots) {
    return ResourceExhausted(fmt::format("the bundle has {} roots already", kMostRoots)).WithReason("roots");
  }
  const std::int64_t now = ToUnixSeconds(clock_.Now());
  const RootRecord record{.root = root, .state = RootState::kTrusted, .added_at = now, .state_since = now};
  RK_TRY(const auto records, bundle_rows::SelectRoots(database, bundle.trust_domain));
  const bool known = std::ranges::any_of(
      records, [&](const RootRecord& present) { return present.root.fingerprint == root.fingerprint; });
  RK_RETURN_IF_ERROR(known ? bundle_rows::UpdateRoot(database, bundle.trust_domain, record)
                           : bundle_rows::InsertRoot(database, bundle.trust_domain, record));
  return NoteIssuers(database, bundle.trust_domain, root);
}

Result<BundlePtr> RootAdministration::Activate(const Act& act, std::string_view name) {
  return Change(act, "root activated", name, [&](Doing& doing) { return ActivateIn(doing); });
}

Result<bool> RootAdministration::ActivateIn(Doing& doing) const {
  BundleRoot& root = doing.root;
  if (root.active) return false;
  if (root.tainted) return FailedPrecondition("root " + root.fingerprint + " is tainted").WithReason("root_tainted");
  const std::string& trust_domain = doing.bundle.trust_domain;
  if (issuers_under_(trust_domain, root).empty()) {
    return FailedPrecondition("no authority that is loaded chains to root " + root.fingerprint)
        .WithReason("root_issuer")
        .WithHint("configure the authority below it and reload rootkeepd");
  }
  RK_RETURN_IF_ERROR(NoteIssuers(doing.database, trust_domain, root));
  for (BundleRoot& other : doing.bundle.roots) other.active = false;
  root.active = true;
  return true;
}

Result<BundlePtr> RootAdministration::Taint(const Act& act, std::string_view name) {
  return Change(act, "root tainted", name, [&](Doing& doing) -> Result<bool> {
    if (doing.root.tainted) return false;
    if (doing.root.active) return IsActive("certificates are issued below root " + doing.root.fingerprint);
    if (!AnyIsActive(doing.bundle)) return IsActive("no root was activated to issue below instead");
    RK_RETURN_IF_ERROR(PutState(doing, RootState::kTainted));
    return true;
  });
}

Result<BundlePtr> RootAdministration::Remove(const Act& act, std::string_view name, bool force) {
  std::int64_t read_through = 0;
  const auto outstanding = ReadOutstanding(act.trust_domain, name, read_through);
  return Change(act, "root removed", name, [&](Doing& doing) -> Result<bool> {
    RK_RETURN_IF_ERROR(CheckReason(act, force));
    RK_TRY(const Outstanding read, outstanding);
    return RemoveFrom(doing, force, read, read_through);
  });
}

Result<bool> RootAdministration::RemoveFrom(Doing& doing, bool force, Outstanding outstanding,
                                            std::int64_t read_through) const {
  const BundleRoot& root = doing.root;
  const std::string& trust_domain = doing.bundle.trust_domain;
  if (root.active) return IsActive("certificates are issued below root " + root.fingerprint);
  if (!AnyIsActive(doing.bundle)) {
    RK_TRY(const bool has_issuers, bundle_rows::HasIssuers(doing.database, trust_domain, root.fingerprint));
    if (has_issuers) return IsActive("an authority issues below root " + root.fingerprint);
  }
  // What came while the ledger was read. While this transaction is open, nothing comes.
  RK_TRY(const Outstanding newer, CountOutstanding(doing.database, {.trust_domain = trust_domain,
                                                                    .root = root.fingerprint,
                                                                    .now = ToUnixSeconds(clock_.Now()),
                                                                    .after = read_through}));
  outstanding.count += newer.count;
  outstanding.last_not_after = std::max(outstanding.last_not_after, newer.last_not_after);
  if (outstanding.count > 0) {
    if (!force) return InUse(root, outstanding);
    doing.note = fmt::format("by force, with {} unexpired certificates: ", outstanding.count);
  }
  RK_RETURN_IF_ERROR(PutState(doing, RootState::kRemoved));
  return true;
}

Result<Outstanding> RootAdministration::ReadOutstanding(std::string_view trust_domain, std::string_view name,
                                                        std::int64_t& read_through) {
  const BundlePtr present = bundles_.Current(trust_domain);
  if (present == nullptr) return Outstanding();
  TrustBundle bundle = *present;
  RK_TRY(const BundleRoot* root, FindRoot(bundle, name));
  const MutexLock lock(mutex_);
  RK_TRY(read_through, NewestEntry(*reader_));
  return CountOutstanding(*reader_, {.trust_domain = trust_domain,
                                     .root = root->fingerprint,
                                     .now = ToUnixSeconds(clock_.Now()),
                                     .through = read_through});
}

Error RootAdministration::Refused(const Act& act, std::string_view what, std::string_view subject, Error error) {
  return Settle(act, what, subject, std::move(error)).error();
}

Result<BundlePtr> RootAdministration::Change(const Act& act, std::string_view what, std::string_view name,
                                             const Work& work) {
  const auto change = [&](Database& database, TrustBundle& bundle) -> Result<bool> {
    RK_RETURN_IF_ERROR(CheckReason(act, false));
    RK_TRY(BundleRoot* const root, FindRoot(bundle, name));
    Doing doing{database, bundle, *root, {}};
    RK_TRY(const bool changed, work(doing));
    if (changed) RK_RETURN_IF_ERROR(Note(database, act, what, root->fingerprint, doing.note + act.reason));
    return changed;
  };
  return Settle(act, what, name, bundles_.Change(act.trust_domain, change));
}

Result<BundlePtr> RootAdministration::Settle(const Act& act, std::string_view what, std::string_view subject,
                                             Result<BundlePtr> result) {
  if (result.ok()) {
    log::Info("trust_administration",
              {{"trust_domain", act.trust_domain}, {"act", what}, {"subject", subject}, {"by", act.by}});
    return result;
  }
  const Error& error = result.error();
  log::Warning("trust_administration_refused", {{"trust_domain", act.trust_domain},
                                                {"act", what},
                                                {"subject", subject.substr(0, kMaxReason)},
                                                {"by", act.by},
                                                {"detail", error.ToString()}});
  const Status noted = bundles_.Record(
      {.at = ToUnixSeconds(clock_.Now()),
       .trust_domain = act.trust_domain,
       .act = std::string(what),
       .subject = std::string(subject.substr(0, kMaxReason)),
       .refusal = error.reason().empty() ? std::string(CodeName(error.code())) : std::string(error.reason()),
       .detail = error.message(),
       .by = act.by});
  if (!noted.ok()) log::Failure("trust_refusal_not_recorded", {{"detail", noted.error().ToString()}});
  return result;
}

Status RootAdministration::PutState(const Doing& doing, RootState state) const {
  return bundle_rows::UpdateRoot(doing.database, doing.bundle.trust_domain,
                                 {.root = doing.root, .state = state, .state_since = ToUnixSeconds(clock_.Now())});
}

// Before any of them signs: which certificates depend on the root is known by their issuers.
Status RootAdministration::NoteIssuers(Database& database, std::string_view trust_domain,
                                       const BundleRoot& root) const {
  for (const std::string& issuer : issuers_under_(trust_domain, root)) {
    RK_RETURN_IF_ERROR(bundle_rows::InsertIssuer(database, trust_domain, issuer, root.fingerprint));
  }
  return Ok();
}

Status RootAdministration::Note(Database& database, const Act& act, std::string_view what, std::string_view subject,
                                std::string detail) const {
  return bundle_rows::InsertEvent(database, {.at = ToUnixSeconds(clock_.Now()),
                                             .trust_domain = act.trust_domain,
                                             .act = std::string(what),
                                             .subject = std::string(subject),
                                             .refusal = {},
                                             .detail = std::move(detail),
                                             .by = act.by});
}

}  // namespace rootkeep
