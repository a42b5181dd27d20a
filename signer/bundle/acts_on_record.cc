#include "signer/bundle/acts_on_record.h"

#include <fmt/format.h>

#include <utility>

#include "keystore/base/log.h"
#include "signer/bundle/bundle_rows.h"

namespace rootkeep {

Status CheckReason(const AdministrativeAct& act, bool needed) {
  if (act.reason.size() <= AdministrativeAct::kMaxReason && !(needed && act.reason.empty())) return Ok();
  return InvalidArgument(act.reason.empty() ? "this needs a reason"
                                            : fmt::format("the reason has {} octets, more than {}", act.reason.size(),
                                                          AdministrativeAct::kMaxReason))
      .WithReason("act_reason");
}

Status ActsOnRecord::Note(store::Database& database, const AdministrativeAct& act, std::string_view what,
                          std::string_view subject, std::string detail) const {
  return bundle_rows::InsertEvent(database, {.at = ToUnixSeconds(clock_.Now()),
                                             .trust_domain = act.trust_domain,
                                             .act = std::string(what),
                                             .subject = std::string(subject),
                                             .refusal = {},
                                             .detail = std::move(detail),
                                             .by = act.by});
}

Result<BundlePtr> ActsOnRecord::Settle(const AdministrativeAct& act, std::string_view what, std::string_view subject,
                                       Result<BundlePtr> result) const {
  subject = subject.substr(0, AdministrativeAct::kMaxReason);
  if (result.ok()) {
    log::Info("trust_administration",
              {{"trust_domain", act.trust_domain}, {"act", what}, {"subject", subject}, {"by", act.by}});
    return result;
  }
  const Error& error = result.error();
  log::Warning("trust_administration_refused", {{"trust_domain", act.trust_domain},
                                                {"act", what},
                                                {"subject", subject},
                                                {"by", act.by},
                                                {"detail", error.ToString()}});
  const Status noted = bundles_.Record(
      {.at = ToUnixSeconds(clock_.Now()),
       .trust_domain = act.trust_domain,
       .act = std::string(what),
       .subject = std::string(subject),
       .refusal = error.reason().empty() ? std::string(CodeName(error.code())) : std::string(error.reason()),
       .detail = error.message(),
       .by = act.by});
  if (!noted.ok()) log::Failure("trust_refusal_not_recorded", {{"detail", noted.error().ToString()}});
  return result;
}

}  // namespace rootkeep
