#include "attestation/attester/activate.h"

#include <openssl/crypto.h>

#include "attestation/attester/marshal.h"
#include "attestation/wire/id_object.h"
#include "keystore/tpm2/rc.h"

namespace rootkeep::attestation {
namespace {

using tpm2::Transient;

constexpr std::size_t kSizeOctets = 2;

// An HMAC session whose key is known to this process and to the TPM that has the EK, and which hides the first
// parameter of a response.
Result<Transient> StartEncrypting(ESYS_CONTEXT* esys, const TpmKey& ek) {
  TPMT_SYM_DEF aes{};
  aes.algorithm = TPM2_ALG_AES;
  aes.keyBits.aes = 128;
  aes.mode.aes = TPM2_ALG_CFB;
  ESYS_TR handle = ESYS_TR_NONE;
  RK_TSS("TPM2_StartAuthSession",
         Esys_StartAuthSession(esys, ek.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, nullptr,
                               TPM2_SE_HMAC, &aes, TPM2_ALG_SHA256, &handle));
  Transient session(esys, handle);
  constexpr TPMA_SESSION kAttributes = TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_ENCRYPT;
  RK_TSS("Esys_TRSess_SetAttributes", Esys_TRSess_SetAttributes(esys, handle, kAttributes, 0xff));
  return session;
}

// A policy session that satisfies PolicyA, PolicySecret(TPM_RH_ENDORSEMENT).
Result<Transient> StartPolicy(ESYS_CONTEXT* esys, TPMI_ALG_HASH hash) {
  TPMT_SYM_DEF none{};
  none.algorithm = TPM2_ALG_NULL;
  ESYS_TR handle = ESYS_TR_NONE;
  RK_TSS("TPM2_StartAuthSession", Esys_StartAuthSession(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                                        ESYS_TR_NONE, nullptr, TPM2_SE_POLICY, &none, hash, &handle));
  Transient session(esys, handle);
  RK_TSS("TPM2_PolicySecret", Esys_PolicySecret(esys, ESYS_TR_RH_ENDORSEMENT, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                                ESYS_TR_NONE, nullptr, nullptr, nullptr, 0, nullptr, nullptr));
  return session;
}

// Not a session when the EK is used with its auth value, which is empty.
Result<Transient> Authorize(ESYS_CONTEXT* esys, const TpmKey& ek) {
  if ((ek.area.attributes & kUserWithAuth) != 0) return Transient();
  RK_TRY(Transient session, StartPolicy(esys, static_cast<TPMI_ALG_HASH>(ek.area.name_alg)));
  tpm2::EsysOut<TPM2B_DIGEST> digest;
  RK_TSS("TPM2_PolicyGetDigest",
         Esys_PolicyGetDigest(esys, session.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, digest.put()));
  if (std::ranges::equal(ByteView(digest->buffer, digest->size), ek.area.auth_policy)) return session;
  return FailedPrecondition("the EK's policy is not that of the TCG's low templates");
}

Status FillIdObject(TPM2B_ID_OBJECT& out, ByteView tpm2b) {
  RK_RETURN_IF_ERROR(ParseIdObject(tpm2b));
  return Fill(out.size, out.credential, tpm2b.subspan(kSizeOctets));
}

Status FillSecret(TPM2B_ENCRYPTED_SECRET& out, ByteView tpm2b) {
  Reader reader(tpm2b);
  const Bytes octets = reader.Sized(sizeof out.secret);
  RK_RETURN_IF_ERROR(reader.Finish("TPM2B_ENCRYPTED_SECRET"));
  return Fill(out.size, out.secret, octets);
}

}  // namespace

Result<SecretBytes> ActivateCredential(ESYS_CONTEXT* esys, const TpmKey& ek, const TpmKey& ak, ByteView id_object,
                                       ByteView encrypted_secret) {
  TPM2B_ID_OBJECT credential{};
  TPM2B_ENCRYPTED_SECRET seed{};
  RK_RETURN_IF_ERROR(FillIdObject(credential, id_object));
  RK_RETURN_IF_ERROR(FillSecret(seed, encrypted_secret));
  RK_TRY(const Transient encrypting, StartEncrypting(esys, ek));
  RK_TRY(const Transient policy, Authorize(esys, ek));
  const ESYS_TR ek_session = policy.valid() ? policy.get() : ESYS_TR_PASSWORD;
  tpm2::EsysOut<TPM2B_DIGEST> secret;
  RK_TSS("TPM2_ActivateCredential", Esys_ActivateCredential(esys, ak.get(), ek.get(), encrypting.get(), ek_session,
                                                            ESYS_TR_NONE, &credential, &seed, secret.put()));
  SecretBytes out(ByteView(secret->buffer, secret->size));
  OPENSSL_cleanse(secret->buffer, secret->size);
  return out;
}

}  // namespace rootkeep::attestation
