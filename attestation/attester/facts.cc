#include "attestation/attester/facts.h"

#include <algorithm>

#include "keystore/tpm2/handles.h"
#include "keystore/tpm2/rc.h"

namespace rootkeep::attestation {

Result<std::vector<Algorithm>> AllocatedBanks(ESYS_CONTEXT* esys) {
  tpm2::EsysOut<TPMS_CAPABILITY_DATA> data;
  TPMI_YES_NO more = 0;
  RK_TSS("TPM2_GetCapability", Esys_GetCapability(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_PCRS, 0,
                                                  TPM2_MAX_PCRS, &more, data.put()));
  const TPML_PCR_SELECTION& list = data->data.assignedPCR;
  std::vector<Algorithm> banks;
  for (UINT32 i = 0; i < std::min<UINT32>(list.count, TPM2_NUM_PCR_BANKS); ++i) {
    const TPMS_PCR_SELECTION& bank = list.pcrSelections[i];
    const std::span octets(bank.pcrSelect, std::min<std::size_t>(bank.sizeofSelect, TPM2_PCR_SELECT_MAX));
    const bool allocated = std::ranges::any_of(octets, [](BYTE octet) { return octet != 0; });
    if (allocated) banks.push_back(static_cast<Algorithm>(bank.hash));
  }
  return banks;
}

}  // namespace rootkeep::attestation
