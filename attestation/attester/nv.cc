#include "attestation/attester/nv.h"

#include <fmt/format.h>

#include <algorithm>

#include "keystore/tpm2/handles.h"
#include "keystore/tpm2/rc.h"

namespace rootkeep::attestation {
namespace {

using tpm2::EsysOut;

// What one TPM2_NV_Read may ask for (TPM2_PT_NV_BUFFER_MAX).
Result<std::size_t> LargestRead(ESYS_CONTEXT* esys) {
  EsysOut<TPMS_CAPABILITY_DATA> data;
  TPMI_YES_NO more = 0;
  RK_TSS("TPM2_GetCapability",
         Esys_GetCapability(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES,
                            TPM2_PT_NV_BUFFER_MAX, 1, &more, data.put()));
  const TPML_TAGGED_TPM_PROPERTY& list = data->data.tpmProperties;
  // A TPM without the property is older than it, and takes what all do.
  constexpr std::size_t kEverywhere = 512;
  if (list.count == 0 || list.tpmProperty[0].property != TPM2_PT_NV_BUFFER_MAX) return kEverywhere;
  return std::clamp<std::size_t>(list.tpmProperty[0].value, 1, TPM2_MAX_NV_BUFFER_SIZE);
}

}  // namespace

Result<std::vector<TPM2_HANDLE>> HandlesBetween(ESYS_CONTEXT* esys, TPM2_HANDLE first, TPM2_HANDLE last) {
  std::vector<TPM2_HANDLE> found;
  TPMI_YES_NO more = 1;
  for (TPM2_HANDLE next = first; more != 0 && next <= last;) {
    EsysOut<TPMS_CAPABILITY_DATA> data;
    RK_TSS("TPM2_GetCapability", Esys_GetCapability(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES,
                                                    next, TPM2_MAX_CAP_HANDLES, &more, data.put()));
    const TPML_HANDLE& list = data->data.handles;
    if (list.count == 0) break;
    for (UINT32 i = 0; i < std::min<UINT32>(list.count, TPM2_MAX_CAP_HANDLES); ++i) {
      const TPM2_HANDLE handle = list.handle[i];
      if (handle < next) return Unavailable("the TPM lists its handles in no order");
      if (handle > last) return found;
      found.push_back(handle);
      next = handle + 1;
    }
  }
  return found;
}

Result<Bytes> ReadNv(ESYS_CONTEXT* esys, TPM2_HANDLE index) {
  ESYS_TR object = ESYS_TR_NONE;
  RK_TSS("Esys_TR_FromTPMPublic",
         Esys_TR_FromTPMPublic(esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &object));
  const tpm2::Reference nv(esys, object);
  EsysOut<TPM2B_NV_PUBLIC> about;
  EsysOut<TPM2B_NAME> name;
  RK_TSS("TPM2_NV_ReadPublic",
         Esys_NV_ReadPublic(esys, nv.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, about.put(), name.put()));
  const std::size_t size = about->nvPublic.dataSize;
  if (size > kMaxNvSize) {
    return ResourceExhausted(fmt::format("NV index 0x{:08x} holds {} octets, more than {}", index, size, kMaxNvSize));
  }
  RK_TRY(const std::size_t at_once, LargestRead(esys));
  Bytes octets;
  while (octets.size() < size) {
    EsysOut<TPM2B_MAX_NV_BUFFER> part;
    const std::size_t wanted = std::min(at_once, size - octets.size());
    RK_TSS("TPM2_NV_Read", Esys_NV_Read(esys, nv.get(), nv.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                        static_cast<UINT16>(wanted), static_cast<UINT16>(octets.size()), part.put()));
    if (part->size != wanted) return Unavailable("TPM2_NV_Read returned fewer octets than were asked for");
    octets.insert(octets.end(), part->buffer, part->buffer + wanted);
  }
  return octets;
}

}  // namespace rootkeep::attestation
