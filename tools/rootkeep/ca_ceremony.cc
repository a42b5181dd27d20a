#include "tools/rootkeep/ca_ceremony.h"

#include <fmt/format.h>

#include "signer/authority/authority_files.h"
#include "signer/certificate/certificate.h"
#include "signer/certificate/name.h"
#include "signer/der/pem.h"
#include "tools/rootkeep/certificate_facts.h"
#include "tools/rootkeep/deadlines.h"
#include "tools/rootkeep/key_report.h"

namespace rootkeep::cli {
namespace {

// With `use_existing` the key of that label, if there is one; without, such a key is an error.
Result<KeyUri> FindOrCreate(KeyStore& store, const KeySpec& spec, bool use_existing) {
  RK_TRY(const std::string label, KeyLabel(spec));
  if (use_existing) {
    const KeyUri uri{.object_label = label};
    const auto there = store.Open(uri, After(kTokenDeadline));
    if (there.ok()) return uri;
    // What stopped while it was being made is finished by making it.
    if (there.error().code() != Code::kNotFound && there.error().reason() != "key_pending") return there.error();
  }
  auto created = store.Create(spec, After(kKeyGenerationDeadline));
  if (created.ok()) return created->uri;
  if (created.error().code() != Code::kAlreadyExists) return std::move(created).error();
  return std::move(created).error().WithHint("--existing goes on with that key; a new one takes another --generation");
}

Result<std::shared_ptr<const Signer>> MakeCaKey(KeyStore& store, const KeySpec& spec, bool use_existing) {
  RK_TRY(const KeyUri uri, FindOrCreate(store, spec, use_existing));
  RK_TRY(auto signer, store.Open(uri, After(kTokenDeadline)));
  RK_RETURN_IF_ERROR(CheckCustody(signer->info(), KeyUse::kRootkeepCa, spec.custody, false));
  return signer;
}

KeySpec SpecOf(const CaPlan& plan, std::string name, std::uint32_t generation) {
  return {.type = plan.type,
          .use = KeyUse::kRootkeepCa,
          .name = std::move(name),
          .generation = generation,
          .custody = plan.custody};
}

std::string MadeLine(std::string_view what, const KeyInfo& key) {
  return fmt::format("{} {} ({}) in {}, {}", what, key.label, KeyTypeName(key.public_key.type()), TokenText(key.device),
                     VoucherText(key.voucher));
}

std::string CertificateLine(std::string_view what, std::string_view pem) {
  const auto facts = ReadCertificates(pem);
  return facts.ok() ? fmt::format("{} {}, until {}", what, facts->front().subject, ToRfc3339(facts->front().not_after))
                    : std::string(what);
}

}  // namespace

Profile IssuingProfile(unsigned path_length) { return IssuingCaProfile(IssuingCaLifetime(), path_length); }

CaSubject IssuingSubject(const CaPlan& plan) {
  return {.trust_domain = plan.trust_domain, .common_name = IssuingCaCommonName(plan.name, plan.generation)};
}

Result<std::shared_ptr<const Signer>> MakeIssuingKey(KeyStore& store, const CaPlan& plan) {
  return MakeCaKey(store, SpecOf(plan, plan.name, plan.generation), plan.use_existing_keys);
}

Result<RootCa> MakeRoot(KeyStore& store, const CaPlan& plan, WallTime now) {
  RootCa root;
  RK_TRY(root.signer, MakeCaKey(store, SpecOf(plan, plan.name + "-root", 1), plan.use_existing_keys));
  const CaSubject subject{.trust_domain = plan.trust_domain, .common_name = RootCommonName(plan.name, 1)};
  RK_TRY(root.certificate_der,
         SelfSignRoot(*root.signer, subject, {.profile = RootCaProfile(RootCaLifetime()), .ttl = plan.root_ttl}, now,
                      After(kTokenDeadline)));
  return root;
}

Result<Bytes> SelfSignIssuing(const Signer& issuing, const CaPlan& plan, WallTime now) {
  Profile profile = RootCaProfile(RootCaLifetime());
  profile.path_length = plan.path_length;
  const CaSubject subject{.trust_domain = plan.trust_domain, .common_name = RootCommonName(plan.name, plan.generation)};
  return SelfSignRoot(issuing, subject, {.profile = profile, .ttl = plan.root_ttl}, now, After(kTokenDeadline));
}

Result<RootCa> OpenRoot(KeyStore& store, const std::string& certificate_pem) {
  RootCa root;
  RK_TRY(root.certificate_der, der::FirstPemBlock(certificate_pem));
  RK_TRY(const auto facts, ReadCertificates(certificate_pem));
  RK_TRY(const auto keys, store.List(After(kTokenDeadline)));
  for (const KeyInfo& key : keys) {
    if (key.public_key.spki() != facts.front().spki) continue;
    RK_TRY(root.signer, store.Open(key.uri, After(kTokenDeadline)));
    return root;
  }
  return NotFound(fmt::format("the token has no key for the root certificate {}", facts.front().subject));
}

Result<std::string> Certify(const RootCa& root, const Signer& issuing, const CaPlan& plan, WallTime now) {
  RK_TRY(const std::string request, MakeCsr(issuing, IssuingSubject(plan), After(kTokenDeadline), plan.path_length));
  RK_TRY(const Csr csr, ParseCsr(request));
  RK_TRY(
      const Bytes certificate,
      IssueCaCertificate({.certificate_der = root.certificate_der, .signer = *root.signer}, csr, IssuingSubject(plan),
                         {.profile = IssuingProfile(plan.path_length), .ttl = plan.ttl}, now, After(kTokenDeadline)));
  return CertificatePem(certificate);
}

Status Install(const Signer& issuing, const std::string& chain_pem, const std::string& bundle_pem,
               const InstallPlan& plan, WallTime now) {
  RK_RETURN_IF_ERROR(
      CheckInstalled({.key = issuing.public_key(), .chain_pem = chain_pem, .trust_bundle_pem = bundle_pem},
                     IssuingProfile(plan.path_length), now));
  return WriteAuthorityFiles(
      plan.state_directory, plan.name, plan.generation,
      {.chain_pem = chain_pem, .bundle_pem = bundle_pem, .key_uri = issuing.info().uri.Redacted()});
}

Status CheckNotInstalled(const std::string& state_directory, const std::string& name, std::uint32_t generation) {
  const auto files = ReadAuthorityFiles(state_directory, name, generation);
  if (files.ok()) {
    return AlreadyExists(fmt::format("authority {} generation {} is installed already", name, generation))
        .WithHint(fmt::format("--generation {} makes the next one", generation + 1));
  }
  if (files.error().code() == Code::kNotFound) return Ok();
  return files.error();
}

namespace {

InstallPlan InstallPlanOf(const CaPlan& plan, const std::string& state_directory) {
  return {.state_directory = state_directory,
          .name = plan.name,
          .generation = plan.generation,
          .path_length = plan.path_length};
}

Result<InitialisedCa> InitSelfSigned(KeyStore& store, const CaPlan& plan, const std::string& state_directory,
                                     WallTime now, const Narrator& say) {
  RK_TRY(const auto key, MakeIssuingKey(store, plan));
  say(MadeLine("root and issuing key", key->info()));
  RK_TRY(const Bytes certificate, SelfSignIssuing(*key, plan, now));
  const std::string pem = CertificatePem(certificate);
  RK_RETURN_IF_ERROR(Install(*key, pem, pem, InstallPlanOf(plan, state_directory), now));
  say(CertificateLine("root certificate", pem));
  return InitialisedCa{.root_key = key->info(), .issuing_key = key->info(), .chain_pem = pem, .bundle_pem = pem};
}

}  // namespace

Result<InitialisedCa> InitCa(KeyStore& issuing, KeyStore& root_store, const CaPlan& plan,
                             const std::string& root_certificate_pem, const std::string& state_directory,
                             const Narrator& say) {
  RK_RETURN_IF_ERROR(CheckNotInstalled(state_directory, plan.name, plan.generation));
  const WallTime now = std::chrono::system_clock::now();
  if (plan.self_signed) return InitSelfSigned(issuing, plan, state_directory, now, say);
  RK_TRY(const RootCa root,
         root_certificate_pem.empty() ? MakeRoot(root_store, plan, now) : OpenRoot(root_store, root_certificate_pem));
  const std::string root_pem = CertificatePem(root.certificate_der);
  say(MadeLine("root key", root.signer->info()));
  say(CertificateLine("root certificate", root_pem));
  RK_TRY(const auto key, MakeIssuingKey(issuing, plan));
  say(MadeLine("issuing key", key->info()));
  RK_TRY(const std::string chain, Certify(root, *key, plan, now));
  RK_RETURN_IF_ERROR(Install(*key, chain, root_pem, InstallPlanOf(plan, state_directory), now));
  say(CertificateLine("issuing certificate", chain));
  return InitialisedCa{
      .root_key = root.signer->info(), .issuing_key = key->info(), .chain_pem = chain, .bundle_pem = root_pem};
}

}  // namespace rootkeep::cli
