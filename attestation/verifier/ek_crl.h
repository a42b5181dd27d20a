// Which endorsement certificates, and issuers of them, were revoked, by lists that an operator brought.
#pragma once

#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"

namespace rootkeep::attestation {

// Immutable and thread-safe.
class EkCrls {
 public:
  // Each list (DER) is of one of `issuers`, which signed it and may (keyUsage cRLSign, or none). INVALID_ARGUMENT
  // when it is of nobody there, does not parse, is larger than kMaxCrlSize, or has a critical extension: it is a part
  // of a list then, or is read in another way (RFC 5280 §5.2).
  static constexpr std::size_t kMaxCrlSize = std::size_t{8} << 20;  // octets
  static Result<EkCrls> Create(const std::vector<Bytes>& lists, const std::vector<X509*>& issuers);

  // No certificate of `chain` but the last, its anchor, is revoked: each is looked up in the lists of the one above it.
  // With several of one issuer it is enough for one to name it. A list counts from its beginning to its end
  // (nextUpdate; without one for ever), with `accept_stale` also after it.
  //
  // PERMISSION_DENIED "ek_revoked"; "ek_crl_missing" where an issuer has no list that has begun; "ek_crl_stale" where
  // all of them have ended.
  Status Check(const STACK_OF(X509) * chain, WallTime now, bool accept_stale) const;

 private:
  using Crl = ossl::Owned<X509_CRL, X509_CRL_free>;
  struct List {
    Crl crl;
    ossl::Cert issuer;
  };

  [[nodiscard]] Status CheckOne(X509* certificate, X509* issuer, WallTime now, bool accept_stale) const;

  std::vector<List> lists_;
};

}  // namespace rootkeep::attestation
