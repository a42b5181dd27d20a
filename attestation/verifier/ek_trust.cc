#include "attestation/verifier/ek_trust.h"

#include <algorithm>

#include "attestation/verifier/ek_certificate.h"
#include "attestation/verifier/ek_names.h"
#include "attestation/verifier/reasons.h"

namespace rootkeep::attestation {
namespace {

constexpr int kStrength = 2;  // 112 bits, SSL_CTX_set_security_level(3)

void FreeStack(STACK_OF(X509) * stack) { sk_X509_free(stack); }
using Borrowed = ossl::Owned<STACK_OF(X509), FreeStack>;

// X509_check_ca: 1 for a CA by its basic constraints; higher numbers are guesses.
bool IsCa(X509* cert) { return X509_check_ca(cert) == 1; }

Result<ossl::Cert> ReadCa(ByteView der, std::string_view what) {
  Result<ossl::Cert> cert = ReadCertificate(der, reason::kEkChainMalformed);
  if (!cert.ok()) return InvalidArgument(cert.error().message()).Within(what);
  if (!IsCa(cert->get())) return InvalidArgument("it is no CA's certificate").Within(what);
  return cert;
}

Result<EkTrust::Anchor> ReadAnchor(const EkAnchor& settings) {
  RK_TRY(ossl::Cert cert, ReadCa(settings.certificate, "trust anchor of endorsement keys"));
  if (settings.manufacturers.empty()) {
    return InvalidArgument("a trust anchor of endorsement keys is for no manufacturer");
  }
  std::vector<std::string> manufacturers;
  for (const std::string& given : settings.manufacturers) {
    manufacturers.push_back(NormalisedManufacturer(given));
    if (manufacturers.back().empty()) {
      return InvalidArgument("the manufacturer \"" + given + "\" is not \"id:\" and eight hexadecimal digits");
    }
  }
  return EkTrust::Anchor{.certificate = std::move(cert),
                         .manufacturers = std::move(manufacturers),
                         .accept_expired = settings.accept_expired,
                         .revocation = settings.revocation};
}

// Subject directory attributes, which the profile has non-critical and some manufacturers mark; CheckEkProfile reads
// them. OpenSSL knows no meaning for them.
bool OnlyKnownCritical(const X509* cert) {
  for (int i = 0; i < X509_get_ext_count(cert); ++i) {
    X509_EXTENSION* extension = X509_get_ext(cert, i);
    if (X509_EXTENSION_get_critical(extension) == 0 || X509_supported_extension(extension) != 0) continue;
    if (OBJ_obj2nid(X509_EXTENSION_get_object(extension)) != NID_subject_directory_attributes) return false;
  }
  return true;
}

Status FailureOf(int error) {
  const bool time = error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID;
  return Failure(time ? reason::kEkChainTime : reason::kEkChain, X509_verify_cert_error_string(error));
}

}  // namespace

Result<EkTrust> EkTrust::Create(const EkTrustSettings& settings) {
  EkTrust trust;
  trust.store_.reset(X509_STORE_new());
  if (trust.store_ == nullptr) return ossl::TakeError(Code::kInternal, "X509_STORE_new");
  for (const EkAnchor& each : settings.anchors) {
    RK_TRY(Anchor anchor, ReadAnchor(each));
    if (trust.FindAnchor(anchor.certificate.get()) != nullptr) {
      return InvalidArgument("a trust anchor of endorsement keys is there twice");
    }
    if (X509_STORE_add_cert(trust.store_.get(), anchor.certificate.get()) != 1) {
      return ossl::TakeError(Code::kInternal, "X509_STORE_add_cert");
    }
    trust.anchors_.push_back(std::move(anchor));
  }
  for (const Bytes& each : settings.intermediates) {
    RK_TRY(ossl::Cert cert, ReadCa(each, "intermediate certificate of endorsement keys"));
    trust.intermediates_.push_back(std::move(cert));
  }
  std::vector<X509*> issuers;
  for (const Anchor& each : trust.anchors_) issuers.push_back(each.certificate.get());
  for (const ossl::Cert& each : trust.intermediates_) issuers.push_back(each.get());
  RK_TRY(trust.crls_, EkCrls::Create(settings.revocation_lists, issuers));
  return trust;
}

const EkTrust::Anchor* EkTrust::FindAnchor(const X509* certificate) const {
  const auto found = std::ranges::find_if(
      anchors_, [&](const Anchor& each) { return X509_cmp(each.certificate.get(), certificate) == 0; });
  return found == anchors_.end() ? nullptr : &*found;
}

// What OpenSSL calls a problem and is none here. The chain is complete by then.
int EkTrust::OnProblem(int ok, X509_STORE_CTX* ctx) {
  if (ok == 1) return 1;
  switch (X509_STORE_CTX_get_error(ctx)) {
    case X509_V_ERR_CERT_HAS_EXPIRED: {
      const auto* trust = static_cast<const EkTrust*>(X509_STORE_CTX_get_app_data(ctx));
      const STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(ctx);
      const Anchor* anchor = trust->FindAnchor(sk_X509_value(chain, sk_X509_num(chain) - 1));
      return anchor != nullptr && anchor->accept_expired ? 1 : 0;
    }
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
      return X509_STORE_CTX_get_error_depth(ctx) == 0 && OnlyKnownCritical(X509_STORE_CTX_get_current_cert(ctx)) ? 1
                                                                                                                 : 0;
    default: return 0;
  }
}

Status EkTrust::Check(X509* leaf, const std::vector<Bytes>& untrusted, const std::string& manufacturer,
                      WallTime now) const {
  std::vector<ossl::Cert> sent;
  for (const Bytes& der : untrusted) {
    RK_TRY(ossl::Cert cert, ReadCertificate(der, reason::kEkChainMalformed));
    sent.push_back(std::move(cert));
  }
  const Borrowed others(sk_X509_new_null());
  const auto push = [&others](const ossl::Cert& cert) { return sk_X509_push(others.get(), cert.get()) > 0; };
  const ossl::StoreCtx ctx(X509_STORE_CTX_new());
  if (others == nullptr || ctx == nullptr || !std::ranges::all_of(intermediates_, push) ||
      !std::ranges::all_of(sent, push) || X509_STORE_CTX_init(ctx.get(), store_.get(), leaf, others.get()) != 1 ||
      X509_STORE_CTX_set_app_data(ctx.get(), const_cast<EkTrust*>(this)) != 1) {
    return ossl::TakeError(Code::kInternal, "X509_STORE_CTX_init");
  }
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(ctx.get());
  X509_VERIFY_PARAM_set_time(param, ToUnixSeconds(now));
  X509_VERIFY_PARAM_set_depth(param, kMaxChain - 2);  // OpenSSL counts what is between leaf and anchor
  X509_VERIFY_PARAM_set_auth_level(param, kStrength);
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);  // an anchor need not be a root
  X509_STORE_CTX_set_verify_cb(ctx.get(), &OnProblem);
  const bool verified = X509_verify_cert(ctx.get()) == 1;
  ossl::ClearErrors();
  if (!verified) return FailureOf(X509_STORE_CTX_get_error(ctx.get()));

  const STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(ctx.get());
  for (int i = 1; i < sk_X509_num(chain); ++i) {
    if (!IsCa(sk_X509_value(chain, i))) return FailureOf(X509_V_ERR_INVALID_CA);
  }
  const Anchor* anchor = FindAnchor(sk_X509_value(chain, sk_X509_num(chain) - 1));
  if (anchor == nullptr) return Failure(reason::kEkChain);
  if (std::ranges::find(anchor->manufacturers, manufacturer) == anchor->manufacturers.end()) {
    return Failure(reason::kEkManufacturer, manufacturer);
  }
  if (anchor->revocation == EkRevocation::kNotChecked) return Ok();
  return crls_.Check(chain, now, anchor->revocation == EkRevocation::kCheckedWhenStale);
}

}  // namespace rootkeep::attestation
