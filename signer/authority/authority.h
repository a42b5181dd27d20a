// One issuing key with its chain and trust bundle: an immutable snapshot, swapped whole on rotation or reload.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
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
    std::string chain_pem;         // issuing certificate first, then intermediates towards (not including) the root
    std::string trust_bundle_pem;  // one or more roots, sent as one element, verbatim
    std::string client_roots_pem;  // what client certificates are verified against; empty: the trust bundle
    Profile workload_profile = WorkloadProfile({});
  };

  // FAILED_PRECONDITION when the key is not the certificate's (reason "authority_key"), the certificate is not a CA
  // with keyCertSign ("authority_ca"), or the chain does not verify to the bundle at `now` or leaves no room below it
  // ("chain"; an expired issuer is accepted here and refused when it should sign). INVALID_ARGUMENT when the chain or
  // the bundle is not certificates ("certificates"). The chain may hold certificates beside the path to the root.
  static Result<std::shared_ptr<const Authority>> Make(Parts parts, WallTime now);

  [[nodiscard]] const std::string& name() const { return parts_.name; }
  [[nodiscard]] const std::string& trust_domain() const { return parts_.trust_domain; }
  [[nodiscard]] const Signer& signer() const { return *parts_.signer; }
  [[nodiscard]] SignatureScheme scheme() const { return scheme_; }
  // Checks what signer() signed with scheme().
  [[nodiscard]] const SignatureChecker& checker() const { return *checker_; }
  [[nodiscard]] const Profile& workload_profile() const { return parts_.workload_profile; }
  // What BuildTbs and Lint take from it; valid as long as this authority.
  [[nodiscard]] IssuerView View() const { return {scheme_, subject_der_, subject_key_id_, not_after_}; }
  // DER Name of the issuing certificate's subject, verbatim.
  [[nodiscard]] const Bytes& subject_der() const { return subject_der_; }
  // Its SubjectKeyIdentifier, octets; empty when it has none.
  [[nodiscard]] const Bytes& subject_key_id() const { return subject_key_id_; }
  [[nodiscard]] WallTime not_before() const { return not_before_; }
  [[nodiscard]] WallTime not_after() const { return not_after_; }
  // The earliest expiry in chain_pem, and the first bundle certificate's.
  [[nodiscard]] WallTime chain_not_after() const { return chain_not_after_; }
  [[nodiscard]] WallTime root_not_after() const { return root_not_after_; }
  // One PEM block an element, each ending in one line break: what follows the leaf in a response. Without a
  // self-signed issuing certificate, which the bundle holds.
  [[nodiscard]] const std::vector<std::string>& chain_elements() const { return chain_elements_; }
  [[nodiscard]] const std::string& trust_bundle_pem() const { return parts_.trust_bundle_pem; }
  [[nodiscard]] const std::string& client_roots_pem() const {
    return parts_.client_roots_pem.empty() ? parts_.trust_bundle_pem : parts_.client_roots_pem;
  }
  // SHA-256 of the issuing certificate's DER, lower-case hexadecimal.
  [[nodiscard]] const std::string& certificate_fingerprint() const { return certificate_fingerprint_; }

 private:
  Authority() = default;

  Status ReadChain(WallTime now);

  Parts parts_;
  std::optional<SignatureChecker> checker_;
  SignatureScheme scheme_ = SignatureScheme::kEcdsaSha256;
  Bytes subject_der_;
  Bytes subject_key_id_;
  WallTime not_before_;
  WallTime not_after_;
  WallTime chain_not_after_;
  WallTime root_not_after_;
  std::vector<std::string> chain_elements_;
  std::string certificate_fingerprint_;
};

}  // namespace rootkeep
