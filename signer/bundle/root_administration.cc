#include "signer/bundle/root_administration.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "signer/bundle/bundle_rows.h"
#include "signer/bundle/root_certificate.h"
#include "signer/bundle/root_end.h"
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

std::string EndWords(std::int64_t last_end) {
  return fmt::format("unexpired certificates, the last until {}", ToRfc3339(FromUnixSeconds(last_end)));
}

Error InUse(const BundleRoot& root, std::int64_t last_end) {
  return FailedPrecondition(fmt::format("root {} has {}", root.fingerprint, EndWords(last_end)))
      .WithReason("root_in_use")
      .WithHint("rootkeep root taint has them replaced; or remove it by force, with a reason");
}

}  // namespace

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
      RK_RETURN_IF_ERROR(acts_.Note(database, act, kWhat, subject, act.reason));
      return true;
    });
  };
  return acts_.Settle(act, kWhat, subject, add());
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
  return Change(act, "root removed", name, [&](Doing& doing) -> Result<bool> {
    RK_RETURN_IF_ERROR(CheckReason(act, force));
    return RemoveFrom(doing, force);
  });
}

Result<bool> RootAdministration::RemoveFrom(Doing& doing, bool force) const {
  const BundleRoot& root = doing.root;
  const std::string& trust_domain = doing.bundle.trust_domain;
  if (root.active) return IsActive("certificates are issued below root " + root.fingerprint);
  if (!AnyIsActive(doing.bundle)) {
    RK_TRY(const bool has_issuers, bundle_rows::HasIssuers(doing.database, trust_domain, root.fingerprint));
    if (has_issuers) return IsActive("an authority issues below root " + root.fingerprint);
  }
  RK_TRY(const std::int64_t last_end, LastEndBelow(doing.database, trust_domain, root.fingerprint));
  if (last_end > ToUnixSeconds(clock_.Now())) {
    if (!force) return InUse(root, last_end);
    doing.note = fmt::format("by force, with {}: ", EndWords(last_end));
  }
  RK_RETURN_IF_ERROR(PutState(doing, RootState::kRemoved));
  return true;
}

Result<BundlePtr> RootAdministration::Change(const Act& act, std::string_view what, std::string_view name,
                                             const Work& work) {
  const auto change = [&](Database& database, TrustBundle& bundle) -> Result<bool> {
    RK_RETURN_IF_ERROR(CheckReason(act, false));
    RK_TRY(BundleRoot* const root, FindRoot(bundle, name));
    Doing doing{database, bundle, *root, {}};
    RK_TRY(const bool changed, work(doing));
    if (changed) RK_RETURN_IF_ERROR(acts_.Note(database, act, what, root->fingerprint, doing.note + act.reason));
    return changed;
  };
  return acts_.Settle(act, what, name, bundles_.Change(act.trust_domain, change));
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

}  // namespace rootkeep
