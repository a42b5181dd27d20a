#include "attestation/verifier/ek_crl.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

#include "attestation/verifier/reasons.h"

namespace rootkeep::attestation {
namespace {

constexpr std::string_view kWhat = "revocation list of endorsement keys";

Error Unread(std::string message) { return InvalidArgument(std::move(message)).Within(kWhat); }

// What an issuer is recognised by: another certificate of it, with the same name and key, is the same issuer.
bool IsSameIssuer(X509* a, X509* b) {
  return X509_NAME_cmp(X509_get_subject_name(a), X509_get_subject_name(b)) == 0 &&
         EVP_PKEY_eq(X509_get0_pubkey(a), X509_get0_pubkey(b)) == 1;
}

bool Signed(X509_CRL* crl, X509* issuer) {
  if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) != 0) return false;
  // All bits are set for a certificate without key usage.
  if ((X509_get_key_usage(issuer) & KU_CRL_SIGN) == 0) return false;
  const bool good = X509_CRL_verify(crl, X509_get0_pubkey(issuer)) == 1;
  ossl::ClearErrors();
  return good;
}

bool HasCriticalExtension(const X509_CRL* crl) {
  for (int i = 0; i < X509_CRL_get_ext_count(crl); ++i) {
    if (X509_EXTENSION_get_critical(X509_CRL_get_ext(crl, i)) != 0) return true;
  }
  return false;
}

// Whether `time` is before `now`, or at it.
bool HasCome(const ASN1_TIME* time, WallTime now) { return ASN1_TIME_cmp_time_t(time, ToUnixSeconds(now)) <= 0; }

}  // namespace

Result<EkCrls> EkCrls::Create(const std::vector<Bytes>& lists, const std::vector<X509*>& issuers) {
  EkCrls crls;
  for (const Bytes& der : lists) {
    if (der.size() > kMaxCrlSize) return Unread("it is too large");
    const unsigned char* at = der.data();
    Crl crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));  // NOLINT(google-runtime-int)
    ossl::ClearErrors();
    if (crl == nullptr || at != der.data() + der.size()) return Unread("it does not parse");
    if (HasCriticalExtension(crl.get())) return Unread("it has a critical extension: it is not a whole, plain list");
    const auto issuer = std::ranges::find_if(issuers, [&](X509* each) { return Signed(crl.get(), each); });
    if (issuer == issuers.end()) return Unread("neither an anchor nor an intermediate certificate signed it");
    X509_up_ref(*issuer);
    crls.lists_.push_back({.crl = std::move(crl), .issuer = ossl::Cert(*issuer)});
  }
  return crls;
}

Status EkCrls::Check(const STACK_OF(X509) * chain, WallTime now, bool accept_stale) const {
  for (int i = 0; i + 1 < sk_X509_num(chain); ++i) {
    RK_RETURN_IF_ERROR(CheckOne(sk_X509_value(chain, i), sk_X509_value(chain, i + 1), now, accept_stale));
  }
  return Ok();
}

Status EkCrls::CheckOne(X509* certificate, X509* issuer, WallTime now, bool accept_stale) const {
  bool begun = false;
  bool counts = false;
  for (const List& list : lists_) {
    if (!IsSameIssuer(list.issuer.get(), issuer) || !HasCome(X509_CRL_get0_lastUpdate(list.crl.get()), now)) continue;
    X509_REVOKED* entry = nullptr;
    // Found in a list that has ended, it is revoked all the same.
    if (X509_CRL_get0_by_cert(list.crl.get(), &entry, certificate) != 0) return Failure(reason::kEkRevoked);
    const ASN1_TIME* end = X509_CRL_get0_nextUpdate(list.crl.get());
    begun = true;
    counts = counts || end == nullptr || accept_stale || !HasCome(end, now);
  }
  if (!begun) return Failure(reason::kEkCrlMissing);
  if (!counts) return Failure(reason::kEkCrlStale);
  return Ok();
}

}  // namespace rootkeep::attestation
