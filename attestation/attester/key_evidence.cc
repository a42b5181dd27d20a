#include "attestation/attester/key_evidence.h"

#include "attestation/attester/ak.h"
#include "attestation/attester/certify.h"

namespace rootkeep::attestation {
namespace {

Result<KeyEvidence> Make(tpm2::Connection& connection, const KeyToCertify& key) {
  RK_RETURN_IF_ERROR(connection.DropKept());
  RK_TRY(const Bytes nonce, KeyEvidenceNonce());
  RK_TRY(const TpmKey ak, MakeAk(connection.esys()));
  RK_TRY(const KeyToCertify::Loaded loaded, key.Load(connection));
  RK_TRY(Certification certification, CertifyKey(connection.esys(), loaded.key, loaded.session, ak, nonce));
  return KeyEvidence{.ak_public = ak.encoded,
                     .key_public = key.public_area(),
                     .certify_attest = std::move(certification.attest),
                     .certify_signature = std::move(certification.signature)};
}

}  // namespace

Result<KeyEvidence> MakeKeyEvidence(tpm2::Tpm& tpm, const KeyToCertify& key, Deadline deadline) {
  return tpm.Run(tpm2::Tpm::Management(deadline), [&](tpm2::Connection& connection) { return Make(connection, key); });
}

}  // namespace rootkeep::attestation
