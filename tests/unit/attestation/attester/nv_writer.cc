#include "tests/unit/attestation/attester/nv_writer.h"

#include <algorithm>

namespace rootkeep::testing {

Status UndefineNv(const Esys& esys, TPM2_HANDLE index) {
  ESYS_TR object = ESYS_TR_NONE;
  RK_RETURN_IF_ERROR(FromRc("Esys_TR_FromTPMPublic", Esys_TR_FromTPMPublic(esys.get(), index, ESYS_TR_NONE,
                                                                           ESYS_TR_NONE, ESYS_TR_NONE, &object)));
  return FromRc("Esys_NV_UndefineSpace", Esys_NV_UndefineSpace(esys.get(), ESYS_TR_RH_PLATFORM, object,
                                                               ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE));
}

Status DefineNv(const Esys& esys, TPM2_HANDLE index, ByteView content) {
  static_cast<void>(UndefineNv(esys, index));
  TPM2B_NV_PUBLIC area{};
  area.nvPublic.nvIndex = index;
  area.nvPublic.nameAlg = TPM2_ALG_SHA256;
  area.nvPublic.attributes =
      TPMA_NV_PPWRITE | TPMA_NV_PPREAD | TPMA_NV_OWNERREAD | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA | TPMA_NV_PLATFORMCREATE;
  area.nvPublic.dataSize = static_cast<UINT16>(content.size());
  const TPM2B_AUTH no_auth{};
  ESYS_TR object = ESYS_TR_NONE;
  RK_RETURN_IF_ERROR(
      FromRc("Esys_NV_DefineSpace", Esys_NV_DefineSpace(esys.get(), ESYS_TR_RH_PLATFORM, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                                        ESYS_TR_NONE, &no_auth, &area, &object)));
  TPM2B_MAX_NV_BUFFER data{};
  data.size = static_cast<UINT16>(content.size());
  std::ranges::copy(content, data.buffer);
  const Status written = FromRc("Esys_NV_Write", Esys_NV_Write(esys.get(), ESYS_TR_RH_PLATFORM, object,
                                                               ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &data, 0));
  Esys_TR_Close(esys.get(), &object);
  return written;
}

}  // namespace rootkeep::testing
