// Whom endorsement certificates are believed from: pinned roots of TPM manufacturers, each for its own TPMs alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "attestation/verifier/ek_crl.h"
#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"

namespace rootkeep::attestation {

// Whether certificates below an anchor are looked up in the lists of revoked ones.
enum class EkRevocation : std::uint8_t {
  kNotChecked,
  kChecked,           // each needs a list of its issuer that has not ended
  kCheckedWhenStale,  // each needs a list of its issuer, however old
};

// One certificate that is trusted for what it is: a manufacturer's root, or an issuer below it that stands alone.
struct EkAnchor {
  Bytes certificate;  // DER
  // Those whose TPMs it vouches for, as their certificates name them: "id:49465800". Not empty.
  std::vector<std::string> manufacturers;
  // Certificates below it, and it, count after their end, but not before their beginning: issuers of some
  // manufacturers have expired while their TPMs are in use.
  bool accept_expired = false;
  EkRevocation revocation = EkRevocation::kNotChecked;
};

struct EkTrustSettings {
  std::vector<EkAnchor> anchors;        // none: no endorsement certificate is believed
  std::vector<Bytes> intermediates;     // DER; trusted for nothing, they only complete chains
  std::vector<Bytes> revocation_lists;  // DER, of anchors and intermediates; as EkCrls
};

// Immutable and thread-safe.
class EkTrust {
 public:
  // Certificates in a chain, with leaf and anchor.
  static constexpr int kMaxChain = 8;

  // INVALID_ARGUMENT when a certificate does not parse or is no CA's, or an anchor is there twice or for no
  // manufacturer or one that is not "id:" and eight digits; errors of EkCrls::Create.
  static Result<EkTrust> Create(const EkTrustSettings& settings);

  // `leaf` was issued below an anchor for `manufacturer` (as TpmNames has it), through `untrusted` and the settings'
  // intermediates: RFC 5280 §6 without a purpose, because the extended key usage is the TCG's own; every issuer has
  // CA:TRUE; signatures and keys are of 112 bits of strength or more; certificates count at `now`. Nothing is fetched,
  // wherever the certificates point to. Revocation is checked where the anchor wants it.
  //
  // PERMISSION_DENIED "ek_chain", "ek_chain_time", "ek_chain_malformed" or "ek_manufacturer"; errors of EkCrls::Check.
  [[nodiscard]] Status Check(X509* leaf, const std::vector<Bytes>& untrusted, const std::string& manufacturer,
                             WallTime now) const;

  struct Anchor {
    ossl::Cert certificate;
    std::vector<std::string> manufacturers;
    bool accept_expired = false;
    EkRevocation revocation = EkRevocation::kNotChecked;
  };

 private:
  EkTrust() = default;

  [[nodiscard]] const Anchor* FindAnchor(const X509* certificate) const;
  static int OnProblem(int ok, X509_STORE_CTX* ctx);

  ossl::Store store_;
  std::vector<Anchor> anchors_;
  std::vector<ossl::Cert> intermediates_;
  EkCrls crls_;
};

}  // namespace rootkeep::attestation
