#include "tests/support/tpm_attest.h"

#include <openssl/ecdsa.h>
#include <tss2/tss2_mu.h>

#include <algorithm>

#include "keystore/base/openssl.h"

namespace rootkeep::testing {
namespace {

constexpr TPMT_SIG_SCHEME kOwnScheme{.scheme = TPM2_ALG_NULL};

TPM2B_DATA Data(ByteView bytes) {
  TPM2B_DATA result{};
  result.size = static_cast<UINT16>(std::min(bytes.size(), sizeof result.buffer));
  std::copy_n(bytes.data(), result.size, result.buffer);
  return result;
}

Bytes Contents(const TPM2B_ATTEST& attest) { return {attest.attestationData, attest.attestationData + attest.size}; }

}  // namespace

Result<Attested> ToAttested(Bytes attest, const TPMT_SIGNATURE& signature) {
  Bytes encoded(sizeof signature);
  std::size_t size = 0;
  RK_RETURN_IF_ERROR(FromRc("Tss2_MU_TPMT_SIGNATURE_Marshal",
                            Tss2_MU_TPMT_SIGNATURE_Marshal(&signature, encoded.data(), encoded.size(), &size)));
  encoded.resize(size);
  return Attested{.attest = std::move(attest), .signature = std::move(encoded)};
}

TPML_PCR_SELECTION ToSelection(const std::vector<Pcrs>& banks) {
  TPML_PCR_SELECTION result{};
  for (const Pcrs& pcrs : banks) {
    TPMS_PCR_SELECTION& selection = result.pcrSelections[result.count++];
    selection.hash = pcrs.bank;
    selection.sizeofSelect = 3;
    for (const int number : pcrs.numbers) {
      BYTE& octet = selection.pcrSelect[number / 8];
      octet = static_cast<BYTE>(octet | (1U << (number % 8)));
    }
  }
  return result;
}

Result<Attested> Quote(const Esys& esys, const TpmKey& key, ByteView nonce, const std::vector<Pcrs>& selection) {
  const TPM2B_DATA data = Data(nonce);
  const TPML_PCR_SELECTION pcrs = ToSelection(selection);
  EsysOwned<TPM2B_ATTEST> attest;
  EsysOwned<TPMT_SIGNATURE> signature;
  RK_RETURN_IF_ERROR(
      FromRc("Esys_Quote", Esys_Quote(esys.get(), key.handle.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &data,
                                      &kOwnScheme, &pcrs, attest.out(), signature.out())));
  return ToAttested(Contents(*attest), *signature);
}

Result<Attested> Certify(const Esys& esys, const TpmKey& key, const TpmKey& subject, ByteView nonce) {
  const TPM2B_DATA data = Data(nonce);
  EsysOwned<TPM2B_ATTEST> attest;
  EsysOwned<TPMT_SIGNATURE> signature;
  RK_RETURN_IF_ERROR(FromRc(
      "Esys_Certify", Esys_Certify(esys.get(), subject.handle.get(), key.handle.get(), ESYS_TR_PASSWORD,
                                   ESYS_TR_PASSWORD, ESYS_TR_NONE, &data, &kOwnScheme, attest.out(), signature.out())));
  return ToAttested(Contents(*attest), *signature);
}

Result<Bytes> ActivateCredential(const Esys& esys, const TpmKey& ak, const TpmKey& ek, ByteView id_object,
                                 ByteView secret) {
  TPM2B_ID_OBJECT credential{};
  TPM2B_ENCRYPTED_SECRET encrypted{};
  if (id_object.size() > sizeof credential.credential || secret.size() > sizeof encrypted.secret) {
    return InvalidArgument("the credential is larger than any");
  }
  credential.size = static_cast<UINT16>(id_object.size());
  std::ranges::copy(id_object, credential.credential);
  encrypted.size = static_cast<UINT16>(secret.size());
  std::ranges::copy(secret, encrypted.secret);
  EsysOwned<TPM2B_DIGEST> contents;
  const auto activate = [&](ESYS_TR ek_session) {
    return FromRc("Esys_ActivateCredential",
                  Esys_ActivateCredential(esys.get(), ak.handle.get(), ek.handle.get(), ESYS_TR_PASSWORD, ek_session,
                                          ESYS_TR_NONE, &credential, &encrypted, contents.out()));
  };
  // The low range of EKs is used by policy, the high range by its empty auth value.
  if ((ek.public_area.publicArea.objectAttributes & TPMA_OBJECT_USERWITHAUTH) != 0) {
    RK_RETURN_IF_ERROR(activate(ESYS_TR_PASSWORD));
  } else {
    RK_TRY(const EsysHandle session, EndorsementSession(esys));
    RK_RETURN_IF_ERROR(activate(session.get()));
  }
  return Bytes(contents->buffer, contents->buffer + contents->size);
}

Result<Bytes> SignDigest(const Esys& esys, const TpmKey& key, ByteView digest) {
  TPM2B_DIGEST input{};
  input.size = static_cast<UINT16>(digest.size());
  std::ranges::copy(digest, input.buffer);
  TPMT_SIG_SCHEME scheme{.scheme = TPM2_ALG_ECDSA};
  scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
  constexpr TPMT_TK_HASHCHECK kNoTicket{.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL};
  EsysOwned<TPMT_SIGNATURE> signature;
  RK_RETURN_IF_ERROR(FromRc("Esys_Sign", Esys_Sign(esys.get(), key.handle.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                                   ESYS_TR_NONE, &input, &scheme, &kNoTicket, signature.out())));
  const TPMS_SIGNATURE_ECC& ecc = signature->signature.ecdsa;
  const ossl::Owned<ECDSA_SIG, ECDSA_SIG_free> sig(ECDSA_SIG_new());
  ECDSA_SIG_set0(sig.get(), BN_bin2bn(ecc.signatureR.buffer, ecc.signatureR.size, nullptr),
                 BN_bin2bn(ecc.signatureS.buffer, ecc.signatureS.size, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(sig.get(), &der);
  if (size < 0) return ossl::TakeError(Code::kInternal, "i2d_ECDSA_SIG");
  Bytes result(der, der + size);
  OPENSSL_free(der);
  return result;
}

Result<std::vector<Bytes>> ReadPcrs(const Esys& esys, const Pcrs& pcrs) {
  const TPML_PCR_SELECTION selection = ToSelection({pcrs});
  EsysOwned<TPML_DIGEST> values;
  RK_RETURN_IF_ERROR(FromRc("Esys_PCR_Read", Esys_PCR_Read(esys.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                                           &selection, nullptr, nullptr, values.out())));
  std::vector<Bytes> result;
  for (UINT32 i = 0; i < values->count; ++i) {
    const TPM2B_DIGEST& value = values->digests[i];
    result.emplace_back(value.buffer, value.buffer + value.size);
  }
  return result;
}

Status ExtendPcr(const Esys& esys, int number, ByteView digest) {
  TPML_DIGEST_VALUES values{.count = 1};
  values.digests[0].hashAlg = TPM2_ALG_SHA256;
  std::ranges::copy(digest.first(sizeof values.digests[0].digest.sha256), values.digests[0].digest.sha256);
  return FromRc("Esys_PCR_Extend", Esys_PCR_Extend(esys.get(), static_cast<ESYS_TR>(number), ESYS_TR_PASSWORD,
                                                   ESYS_TR_NONE, ESYS_TR_NONE, &values));
}

Status AdvanceClock(const Esys& esys, std::chrono::milliseconds by) {
  EsysOwned<TPMS_TIME_INFO> time;
  RK_RETURN_IF_ERROR(
      FromRc("Esys_ReadClock", Esys_ReadClock(esys.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, time.out())));
  const UINT64 later = time->clockInfo.clock + static_cast<UINT64>(by.count());
  return FromRc("Esys_ClockSet",
                Esys_ClockSet(esys.get(), ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, later));
}

Status ClearTpm(const Esys& esys) {
  return FromRc("Esys_Clear",
                Esys_Clear(esys.get(), ESYS_TR_RH_PLATFORM, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE));
}

}  // namespace rootkeep::testing
