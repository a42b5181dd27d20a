#include "signer/policy/foreign_ca.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "keystore/public_key.h"
#include "signer/csr/kept_subject.h"

namespace rootkeep {
namespace {

using Kind = GeneralName::Kind;

Status CheckNames(const Csr& csr, const GeneralName& granted) {
  if (csr.sans.size() != 1 || csr.other_names || csr.sans[0].kind != Kind::kUri) {
    return InvalidArgument("the request does not have exactly one alternative name, a URI")
        .WithHint("it has: " + Describe(csr.sans))
        .WithReason("csr_san");
  }
  if (csr.sans[0] == granted) return Ok();
  return PermissionDenied(
             fmt::format("the request is for {}, the caller may have {}", csr.sans[0].ToText(), granted.ToText()))
      .WithReason("csr_san");
}

// What a CA's certificates are verified with everywhere, by Envoy and Go too.
Status CheckKey(const Csr& csr) {
  constexpr std::array<std::uint8_t, 3> kExponent{0x01, 0x00, 0x01};
  const auto odd = [](std::string_view what) {
    return InvalidArgument(fmt::format("{} is no key for a CA", what))
        .WithHint("P-256, P-384, or RSA with 2048, 3072 or 4096 bits and exponent 65537")
        .WithReason("csr_key");
  };
  if (csr.key_kind == SubjectKeyKind::kEd25519) return odd("Ed25519");
  if (!PublicKey::FromSpki(csr.spki).ok()) return odd("a key of this size");
  if (csr.key_kind != SubjectKeyKind::kRsa) return Ok();
  RK_TRY(const SubjectKey key, ParseSubjectKey(csr.spki));
  return std::ranges::equal(key.exponent, kExponent) ? Ok() : Status(odd("RSA with this exponent"));
}

Status CheckRoom(const IssuerTerms& issuer, unsigned path_length) {
  if (!issuer.room_below || *issuer.room_below > path_length) return Ok();
  return FailedPrecondition(
             fmt::format(
                 "the issuing certificate's path leaves room for {} CA certificates below it, and this one asks "
                 "for {}",
                 *issuer.room_below, path_length + 1))
      .WithHint("rootkeep ca init --path-length, or a smaller path_length of the caller")
      .WithReason("ca_path_length");
}

ExcludedNames ExcludedBelow(HostsBelow hosts, const Policy& policy) {
  switch (hosts) {
    case HostsBelow::kNotOurs: return policy.our_hosts;
    case HostsBelow::kNone: return EveryHost();
    case HostsBelow::kAny: return {};
  }
  return EveryHost();
}

Result<Bytes> Subject(const Csr& csr, std::span<const Bytes> taken) {
  RK_TRY(Bytes subject, csr::KeptSubject(csr.subject()));
  // Who looks for issuers by name alone takes one for the other, and self-issued certificates are a case of their own
  // in path validation (RFC 5280 §6.1).
  if (std::ranges::find(taken, subject) != taken.end()) {
    return InvalidArgument("the request has the subject of a CA above it").WithReason("csr_subject");
  }
  return subject;
}

}  // namespace

Result<Grant> DecideForeignCaGrant(const Caller& caller, const IssuanceRequest& request, std::string_view trust_domain,
                                   const Policy& policy) {
  RK_TRY(const ApiCaller* entry, FindApiCaller(caller, policy.api_callers, policy.requirements));
  if (!entry->foreign_ca || entry->trust_domain != trust_domain) {
    return PermissionDenied(fmt::format("caller {} may not have certificates of profile foreign-ca in trust domain {}",
                                        entry->name, trust_domain))
        .WithReason("profile");
  }
  if (!request.impersonated_identity.empty()) {
    return InvalidArgument("a CA is asked for in nobody else's name").WithReason("impersonation");
  }
  if (request.requested_ttl < 0) {
    return InvalidArgument(fmt::format("a lifetime of {} seconds", request.requested_ttl)).WithReason("ttl");
  }
  Profile profile = ForeignCaProfile(entry->foreign_ca->lifetime, entry->foreign_ca->path_length);
  profile.excluded = ExcludedBelow(entry->foreign_ca->hosts, policy);
  return Grant{.sans = {{Kind::kUri, fmt::format("spiffe://{}", trust_domain)}},
               .rule = entry->name,
               .profile = std::move(profile)};
}

Result<Decision> DecideForeignCa(Grant grant, const IssuanceRequest& request, const Csr& csr, const IssuerTerms& issuer,
                                 WallTime now) {
  const Profile& profile = *grant.profile;
  RK_RETURN_IF_ERROR(CheckNames(csr, grant.sans.front()));
  RK_RETURN_IF_ERROR(CheckKey(csr));
  RK_TRY(Bytes subject, Subject(csr, issuer.ca_names));
  RK_RETURN_IF_ERROR(CheckRoom(issuer, *profile.path_length));
  RK_TRY(const Validity validity, DecideValidity(request.requested_ttl, profile.lifetime, issuer.validity, now));
  return Decision{.profile = profile,
                  .sans = std::move(grant.sans),
                  .subject_name = std::move(subject),
                  .spki = csr.spki,
                  .not_before = validity.not_before,
                  .not_after = validity.not_after,
                  .rule = std::move(grant.rule)};
}

}  // namespace rootkeep
