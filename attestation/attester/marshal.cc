#include "attestation/attester/marshal.h"

#include <tss2/tss2_mu.h>

#include "keystore/tpm2/rc.h"

namespace rootkeep::attestation {

Result<Bytes> Octets(const TPMT_PUBLIC& area) {
  Bytes octets(sizeof area);
  std::size_t size = 0;
  RK_TSS("Tss2_MU_TPMT_PUBLIC_Marshal", Tss2_MU_TPMT_PUBLIC_Marshal(&area, octets.data(), octets.size(), &size));
  octets.resize(size);
  return octets;
}

Result<Bytes> Octets(const TPMT_SIGNATURE& signature) {
  Bytes octets(sizeof signature);
  std::size_t size = 0;
  RK_TSS("Tss2_MU_TPMT_SIGNATURE_Marshal",
         Tss2_MU_TPMT_SIGNATURE_Marshal(&signature, octets.data(), octets.size(), &size));
  octets.resize(size);
  return octets;
}

Result<TPMT_PUBLIC> ReadTemplate(ByteView tpmt_public) {
  TPMT_PUBLIC area{};
  std::size_t used = 0;
  const TSS2_RC rc = Tss2_MU_TPMT_PUBLIC_Unmarshal(tpmt_public.data(), tpmt_public.size(), &used, &area);
  if (rc == TSS2_RC_SUCCESS && used == tpmt_public.size()) return area;
  return InvalidArgument("it is no TPMT_PUBLIC, or octets follow it");
}

}  // namespace rootkeep::attestation
