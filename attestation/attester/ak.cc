#include "attestation/attester/ak.h"

#include "attestation/attester/marshal.h"

namespace rootkeep::attestation {
namespace {

// Another key than anybody else's from a template that is like this one otherwise. A change would be a new AK on every
// node.
constexpr std::string_view kUnique = "rootkeep attestation key no. 001";
static_assert(kUnique.size() == 32);  // a coordinate

TPMT_PUBLIC Template() {
  TPMT_PUBLIC area{};
  area.type = TPM2_ALG_ECC;
  area.nameAlg = TPM2_ALG_SHA256;
  // With noDA, because there is no auth value to guess: whoever reaches the TPM may attest it.
  area.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                          TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED |
                          TPMA_OBJECT_SIGN_ENCRYPT;
  area.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
  area.parameters.eccDetail.scheme.scheme = TPM2_ALG_ECDSA;
  area.parameters.eccDetail.scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
  area.parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
  area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
  return area;
}

}  // namespace

Result<TpmKey> MakeAk(ESYS_CONTEXT* esys) {
  TPMT_PUBLIC area = Template();
  RK_RETURN_IF_ERROR(Fill(area.unique.ecc.x.size, area.unique.ecc.x.buffer, AsBytes(kUnique)));
  return MakePrimary(esys, area);
}

}  // namespace rootkeep::attestation
