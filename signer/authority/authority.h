// One issuing key with its chain and trust bundle: an immutable snapshot, swapped whole on rotation or reload.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"
#include "keystore/signature_scheme.h"
#include "keystore/signer.h"
#include "signer/authority/signature_checker.h"
#include "signer/certificate/issuer.h"
#include "signer/profile/profile.h"

namespace rootkeep {

// Thread-safe because immutable.
class Authority {
 public:
  struct Parts {
    std::string name;
    std::string trust_domain;
    std::shared_ptr<const Signer> signer;
    std::string chain_pem;           // issuing certificate first, then intermediates towards (not including) the root
    std::string trust_bundle_pem;    // one or more roots
    std::string extra_anchors_pem;   // what workloads trust beside them; none of it vouches for a client; or empty
    std::string client_anchors_pem;  // what client certificates are verified against beside the roots; or empty
    Profile workload_profile = WorkloadProfile({});
  };

  // FAILED_PRECONDITION when the key is not the certificate's (reason "authority_key"), the certificate is not a CA
  // with keyCertSign ("authority_ca"), or the chain does not verify to the bundle at `now` or leaves no room below it
  // ("chain"; an expired issuer is accepted here and refused when it should sign). INVALID_ARGUMENT when the chain or
  // the bundle is not certificates ("certificates"). The chain may hold certificates beside the path to the root.
  static Result<std::shared_ptr<const Authority>> Make(Parts parts, WallTime now);

  // The same that sends another trust bundle with its certificates: roots, verbatim.
  [[nodiscard]] std::shared_ptr<const Authority> WithTrustBundle(std::string trust_bundle_pem) const;

  // Whether the issuing certificate chains to one of `roots` at `now`: FAILED_PRECONDITION with reason "chain".
  [[nodiscard]] Status CheckChainsTo(std::span<const ossl::Cert> roots, WallTime now) const;

  [[nodiscard]] const std::string& name() const { return parts_.name; }
  [[nodiscard]] const std::string& trust_domain() const { return parts_.trust_domain; }
  [[nodiscard]] const Signer& signer() const { return *parts_.signer; }
  [[nodiscard]] SignatureScheme scheme() const { return scheme_; }
  // Checks what signer() signed with scheme().
  [[nodiscard]] const SignatureChecker& checker() const { return *checker_; }
  [[nodiscard]] const Profile& workload_profile() const { return parts_.workload_profile; }
  // What BuildTbs and Lint take from it; valid as long as this authority.
  [[nodiscard]] IssuerView View() const { return {scheme_, subject_der_, subject_key_id_, not_after_}; }
  // DER of the issuing certificate.
  [[nodiscard]] const Bytes& certificate_der() const { return certificate_der_; }
  // DER Name of the issuing certificate's subject, verbatim.
  [[nodiscard]] const Bytes& subject_der() const { return subject_der_; }
  // Its SubjectKeyIdentifier, octets; empty when it has none.
  [[nodiscard]] const Bytes& subject_key_id() const { return subject_key_id_; }
  [[nodiscard]] WallTime not_before() const { return not_before_; }
  [[nodiscard]] WallTime not_after() const { return not_after_; }
  // Subjects, DER Names, of the certificates in its chain and of the roots in its files.
  [[nodiscard]] const std::vector<Bytes>& ca_names() const { return ca_names_; }
  // How many CA certificates may stand between the issuing one and a leaf, by all path lengths from it to the root
  // (RFC 5280 §4.2.1.9); nothing: any number.
  [[nodiscard]] std::optional<unsigned> room_below() const { return room_below_; }
  // The earliest expiry in chain_pem, and the first bundle certificate's.
  [[nodiscard]] WallTime chain_not_after() const { return chain_not_after_; }
  [[nodiscard]] WallTime root_not_after() const { return root_not_after_; }
  // One PEM block an element, each ending in one line break: what follows the leaf in a response. Without a
  // self-signed issuing certificate, which the bundle holds.
  [[nodiscard]] const std::vector<std::string>& chain_elements() const { return chain_elements_; }
  // Sent as one element, verbatim: roots and extra anchors, or what took their place.
  [[nodiscard]] const std::string& trust_bundle_pem() const { return trust_bundle_pem_; }
  // What it was made of.
  [[nodiscard]] const Parts& parts() const { return parts_; }
  // SHA-256 of the issuing certificate's DER, lower-case hexadecimal.
  [[nodiscard]] const std::string& certificate_fingerprint() const { return certificate_fingerprint_; }

 private:
  Authority() = default;
  Authority(const Authority&) = default;

  Status ReadChain(WallTime now);
  // `now`, or when the issuing certificate was valid last: one that has expired is refused when it should sign.
  [[nodiscard]] WallTime LastValid(WallTime now) const { return std::min(now, not_after_ - std::chrono::seconds(1)); }

  Parts parts_;
  std::optional<SignatureChecker> checker_;
  SignatureScheme scheme_ = SignatureScheme::kEcdsaSha256;
  Bytes certificate_der_;
  Bytes subject_der_;
  Bytes subject_key_id_;
  std::vector<Bytes> ca_names_;
  std::optional<unsigned> room_below_;
  WallTime not_before_;
  WallTime not_after_;
  WallTime chain_not_after_;
  WallTime root_not_after_;
  std::vector<std::string> chain_elements_;
  std::string trust_bundle_pem_;
  std::string certificate_fingerprint_;
};

}  // namespace rootkeep
