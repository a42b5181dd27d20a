// The node's side of an attestation: what it says first, and how it answers the challenge.
#pragma once

#include <memory>
#include <string>

#include "attestation/attester/boot_log_file.h"
#include "attestation/attester/key_to_certify.h"
#include "attestation/wire/messages.h"
#include "keystore/base/clock.h"
#include "keystore/tpm2/tpm.h"

namespace rootkeep::attestation {

struct AttesterOptions {
  std::string ek;  // name of the EK's template (EkTemplates); empty: the first that has a certificate
  std::string boot_log_file = kBootLogFile;
  std::string ek_certificate_file = {};  // ReadEkCertificateFile; empty: what is in NV counts
};

// Thread-safe. Remembers nothing between calls: EK and AK are found or made anew in each, and leave the TPM with it,
// also when it fails.
class Attester {
 public:
  Attester(std::shared_ptr<tpm2::Tpm> tpm, AttesterOptions options)
      : tpm_(std::move(tpm)), options_(std::move(options)) {}

  // What this node says of itself, with a fresh nonce. `csr` is a PKCS#10 request in DER, signed with `key`. Errors as
  // FindEk, UseEkCertificateFile, MakeAk and Tpm::Run.
  [[nodiscard]] Result<AttestInit> Begin(const std::string& node_id, const KeyToCertify& key, Bytes csr,
                                         Deadline deadline) const;

  // The evidence for a challenge to `init`. `server_identity` is the SHA-256 of the certificate that the connection
  // showed: PERMISSION_DENIED "server_identity" when the challenge names another, which is then somebody else's, passed
  // on. INVALID_ARGUMENT for a malformed challenge, or one that wants PCRs of a SHA-1 bank or none. ABORTED
  // "tpm_changed" when the TPM is not the one of `init` any more. Otherwise errors as ActivateCredential, QuotePcrs,
  // CertifyKey, ReadBootLogFile and Tpm::Run. Nothing about the TPM leaves before the secret was activated.
  [[nodiscard]] Result<AttestEvidence> Answer(const AttestInit& init, const AttestChallenge& challenge,
                                              ByteView server_identity, const KeyToCertify& key,
                                              Deadline deadline) const;

 private:
  const std::shared_ptr<tpm2::Tpm> tpm_;
  const AttesterOptions options_;
};

}  // namespace rootkeep::attestation
