#include "signer/lint/lint.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "signer/der/time.h"
#include "signer/lint/algorithm_rules.h"
#include "signer/lint/extension_rules.h"
#include "signer/lint/extension_set.h"
#include "signer/lint/fields.h"
#include "signer/lint/name_rules.h"

namespace rootkeep {
namespace {

using lint::Broken;
using std::ranges::equal;

Status CheckVersion(ByteView version) {
  if (version.size() != 1 || version.front() != 2) return Broken("lint_version", "the version is not 3");
  return Ok();
}

Status CheckSerial(ByteView serial) {
  const std::optional<ByteView> magnitude = der::UnsignedInteger(serial);
  if (!magnitude) return Broken("lint_serial", "the serial is negative or padded");
  if (serial.size() > 20) return Broken("lint_serial", "the serial is longer than 20 octets");
  if (magnitude->size() < 16) return Broken("lint_serial", "the serial has less than 128 bits");
  return Ok();
}

Status CheckValidity(const lint::Fields& fields, const Decision& decision, const IssuerView& issuer) {
  const std::optional<WallTime> not_before = der::ReadTime(fields.not_before);
  const std::optional<WallTime> not_after = der::ReadTime(fields.not_after);
  if (!not_before || !not_after) return Broken("lint_validity", "a time is not in the form RFC 5280 wants");
  if (ToUnixSeconds(*not_before) != ToUnixSeconds(decision.not_before) ||
      ToUnixSeconds(*not_after) != ToUnixSeconds(decision.not_after)) {
    return Broken("lint_validity", "the times are not the decided ones");
  }
  if (*not_after <= *not_before) return Broken("lint_validity", "it ends before it begins");
  if (ToUnixSeconds(*not_after) > ToUnixSeconds(issuer.not_after)) {
    return Broken("lint_validity", "it outlives its issuer");
  }
  const LifetimeRules& rules = decision.profile.lifetime;
  if (*not_after - *not_before > rules.max_ttl + rules.backdate) {
    return Broken("lint_validity", "it lives longer than its profile allows");
  }
  return Ok();
}

}  // namespace

Status Lint(ByteView tbs, const Decision& decision, const IssuerView& issuer) {
  const std::optional<lint::Fields> fields = lint::TakeApart(tbs);
  if (!fields) return Broken("lint_der", "it is not a to-be-signed certificate in DER");
  RK_RETURN_IF_ERROR(CheckVersion(fields->version));
  RK_RETURN_IF_ERROR(CheckSerial(fields->serial));
  RK_RETURN_IF_ERROR(lint::CheckAlgorithm(fields->algorithm, issuer.scheme));
  if (!equal(fields->issuer, issuer.name)) return Broken("lint_issuer", "the issuer is not the issuer's subject");
  RK_RETURN_IF_ERROR(CheckValidity(*fields, decision, issuer));
  RK_RETURN_IF_ERROR(lint::CheckSubject(fields->subject, decision));
  if (!equal(fields->spki, decision.spki)) return Broken("lint_key", "the public key is not the decided one");
  RK_TRY(const lint::ExtensionSet extensions, lint::ReadExtensions(fields->extensions));
  RK_RETURN_IF_ERROR(lint::CheckExtensions(extensions, decision, issuer));
  return lint::CheckAltNames(extensions.subject_alt_name, decision);
}

}  // namespace rootkeep
