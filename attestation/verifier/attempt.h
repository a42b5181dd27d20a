// One attestation of one node, from its first message to the verdict. Pure: no I/O, no clock, no state that outlives
// it.
#pragma once

#include <optional>

#include "attestation/verifier/ak_rules.h"
#include "attestation/verifier/ek_certificate.h"
#include "attestation/verifier/ek_key.h"
#include "attestation/verifier/ek_trust.h"
#include "attestation/verifier/node_key.h"
#include "attestation/verifier/verdict.h"
#include "attestation/wire/messages.h"
#include "keystore/base/clock.h"
#include "keystore/base/secret_bytes.h"

namespace rootkeep::attestation {

// Which TPM it is. A claim until a verdict says `activated`.
struct EkIdentity {
  Bytes spki_digest;  // SHA-256 of the EK's DER SubjectPublicKeyInfo: what inventories list
  // A certificate for this very EK chains to a pinned root of its manufacturer.
  bool chained = false;
  std::string unchained_reason;  // otherwise: the rule that was broken, a word of reasons.h
  TpmNames names;                // empty unless chained
};

struct ChallengeOptions {
  PcrSelection pcrs;  // at least one PCR of a bank of SHA-256, 384 or 512
  WallTime deadline;
  Bytes server_identity;  // 32 octets, see AttestChallenge
  bool want_boot_log = false;
};

// Movable, not thread-safe. One challenge and one verdict each; its secret is for one EK and one AK name and for
// nothing else, and is wiped with it.
class Attempt {
 public:
  // Checks everything that can be checked before the challenge, what costs least first: sizes, version, EK, AK, node
  // key and its parent, the certificate request; then the EK's certificate. One that is missing, breaks a rule of
  // CheckEkProfile or does not chain leaves EkIdentity::chained false, since an EK may also be known by its digest
  // alone; one that is no certificate, or is for another key, fails.
  //
  // INVALID_ARGUMENT "message_size"; PERMISSION_DENIED, the reason of the rule; INTERNAL when OpenSSL fails.
  static Result<Attempt> Begin(AttestInit init, const EkTrust& trust, WallTime now);

  [[nodiscard]] const EkIdentity& ek() const { return identity_; }
  [[nodiscard]] const Bytes& ak_name() const { return ak_.name; }
  [[nodiscard]] const Bytes& ak_public() const { return init_.ak_public; }
  // DER SubjectPublicKeyInfo of the node key, and the PKCS#10 request for its certificate.
  [[nodiscard]] const Bytes& node_spki() const { return node_key_.spki; }
  [[nodiscard]] const Bytes& csr() const { return init_.csr; }
  // Of the node: to be believed no more than the message that it came in.
  [[nodiscard]] const AttestInit& init() const { return init_; }

  // A fresh challenge: session, nonce and secret are random and were never used. INVALID_ARGUMENT for options that are
  // not as above; PERMISSION_DENIED "pcr_bank" when the node says that it does not have that bank;
  // FAILED_PRECONDITION the second time; INTERNAL when OpenSSL fails.
  Result<AttestChallenge> Challenge(const ChallengeOptions& options);

  // The verdict on the answer to that challenge, once: anything after it is "attempt_used". `last` is what the node's
  // last passed attestation left, when there was one. Never throws; whatever is not understood is a failure.
  Verdict Verify(const AttestEvidence& evidence, const AttestationPolicy& policy, const std::optional<LastSeen>& last,
                 WallTime now);

 private:
  enum class State { kBegun, kChallenged, kJudged };

  Attempt(AttestInit init, EndorsementKey ek, AttestationKey ak, NodeKey node_key)
      : init_(std::move(init)), ek_(std::move(ek)), ak_(std::move(ak)), node_key_(std::move(node_key)) {}

  Status IdentifyEk(const EkTrust& trust, WallTime now);
  // Fills `verdict` as far as it gets; the error is why it fails.
  Status Judge(const AttestEvidence& evidence, const AttestationPolicy& policy, const std::optional<LastSeen>& last,
               WallTime now, Verdict& verdict) const;
  Status CheckActivation(const AttestEvidence& evidence) const;
  Status CheckAttested(const AttestEvidence& evidence, Verdict& verdict) const;

  AttestInit init_;
  EndorsementKey ek_;
  AttestationKey ak_;
  NodeKey node_key_;
  Bytes ak_qualified_name_;
  std::optional<Bytes> node_qualified_name_;
  EkIdentity identity_;
  State state_ = State::kBegun;
  // From the challenge on.
  PcrSelection pcrs_;
  std::int64_t deadline_ = 0;
  Bytes transcript_;
  SecretBytes secret_;
};

}  // namespace rootkeep::attestation
