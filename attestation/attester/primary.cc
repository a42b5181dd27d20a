#include "attestation/attester/primary.h"

#include <algorithm>

#include "attestation/attester/marshal.h"
#include "keystore/tpm2/rc.h"

namespace rootkeep::attestation {
namespace {

// What ESAPI takes the key for (it encrypts to that) is what was read here, whatever sits on the bus in between.
Status CheckName(ESYS_CONTEXT* esys, const TpmKey& key) {
  tpm2::EsysOut<TPM2B_NAME> name;
  RK_TSS("Esys_TR_GetName", Esys_TR_GetName(esys, key.get(), name.put()));
  RK_TRY(const Bytes expected, Name(key.area));
  if (std::ranges::equal(ByteView(name->name, name->size), expected)) return Ok();
  return Error(Code::kDataLoss, "the TPM says two different things about the name of one key");
}

Result<TpmKey> Described(ESYS_CONTEXT* esys, TpmKey key, const TPMT_PUBLIC& area) {
  RK_TRY(key.encoded, Octets(area));
  RK_TRY(key.area, ParsePublicArea(key.encoded));
  RK_RETURN_IF_ERROR(CheckName(esys, key));
  return key;
}

}  // namespace

Result<TpmKey> MakePrimary(ESYS_CONTEXT* esys, const TPMT_PUBLIC& key_template) {
  const TPM2B_SENSITIVE_CREATE no_auth{};
  const TPM2B_PUBLIC in{.size = 0, .publicArea = key_template};
  const TPM2B_DATA outside_info{};
  const TPML_PCR_SELECTION creation_pcrs{};
  ESYS_TR object = ESYS_TR_NONE;
  tpm2::EsysOut<TPM2B_PUBLIC> made;
  RK_TSS("TPM2_CreatePrimary",
         Esys_CreatePrimary(esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &no_auth, &in,
                            &outside_info, &creation_pcrs, &object, made.put(), nullptr, nullptr, nullptr));
  return Described(esys, {.made = {esys, object}, .persistent = {}, .area = {}, .encoded = {}}, made->publicArea);
}

Result<TpmKey> OpenPersistent(ESYS_CONTEXT* esys, TPM2_HANDLE handle) {
  ESYS_TR object = ESYS_TR_NONE;
  RK_TSS("Esys_TR_FromTPMPublic",
         Esys_TR_FromTPMPublic(esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &object));
  TpmKey key{.made = {}, .persistent = {esys, object}, .area = {}, .encoded = {}};
  tpm2::EsysOut<TPM2B_PUBLIC> area;
  RK_TSS("TPM2_ReadPublic",
         Esys_ReadPublic(esys, object, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, area.put(), nullptr, nullptr));
  return Described(esys, std::move(key), area->publicArea);
}

}  // namespace rootkeep::attestation
