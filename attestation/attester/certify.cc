#include "attestation/attester/certify.h"

#include "attestation/attester/marshal.h"
#include "keystore/tpm2/rc.h"

namespace rootkeep::attestation {

Result<Certification> CertifyKey(ESYS_CONTEXT* esys, ESYS_TR key, ESYS_TR key_session, const TpmKey& ak,
                                 ByteView nonce) {
  TPM2B_DATA qualifying{};
  RK_RETURN_IF_ERROR(Fill(qualifying.size, qualifying.buffer, nonce));
  TPMT_SIG_SCHEME of_the_ak{};
  of_the_ak.scheme = TPM2_ALG_NULL;
  tpm2::EsysOut<TPM2B_ATTEST> attest;
  tpm2::EsysOut<TPMT_SIGNATURE> signature;
  RK_TSS("TPM2_Certify", Esys_Certify(esys, key, ak.get(), key_session, ESYS_TR_PASSWORD, ESYS_TR_NONE, &qualifying,
                                      &of_the_ak, attest.put(), signature.put()));
  RK_TRY(Bytes signature_octets, Octets(*signature));
  return Certification{.attest = ToBytes({attest->attestationData, attest->size}),
                       .signature = std::move(signature_octets)};
}

}  // namespace rootkeep::attestation
