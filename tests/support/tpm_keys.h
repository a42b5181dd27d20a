// Keys in a TPM simulator for attestation tests: the honest templates, which a test changes to get a dishonest key.
#pragma once

#include <tss2/tss2_tpm2_types.h>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "tests/support/esys.h"

namespace rootkeep::testing {

// A key that is loaded.
struct TpmKey {
  EsysHandle handle;
  TPM2B_PUBLIC public_area;
  Bytes encoded;  // TPMT_PUBLIC
  Bytes name;     // as the TPM computes it
};

// Kinds of endorsement key by their template (TCG EK Credential Profile §B.3, §B.4).
enum class EkKind : std::uint8_t {
  kL1,  // RSA-2048, persistent since manufacture
  kL2,  // P-256, made at need: no certificate
  kH3,  // P-384, persistent since manufacture
};

// Where manufacture put the certificate of an EK.
inline constexpr TPM2_HANDLE kEkCertificateL1 = 0x01c00002;
inline constexpr TPM2_HANDLE kEkCertificateH3 = 0x01c00016;

// The loaded endorsement key of a manufactured SwTpm. `kind` kL1 and kH3: NOT_FOUND-like TSS2 codes once TPM2_Clear
// took the persistent handles.
Result<TpmKey> EndorsementKey(const Esys& esys, EkKind kind);

// ECDSA P-256 with SHA-256: restricted, sign, fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA.
TPM2B_PUBLIC AkTemplate();
// RSASSA 2048 with SHA-256, else the same.
TPM2B_PUBLIC RsaAkTemplate();
// ECC P-256 storage root key, both coordinates zero-filled in `unique`.
TPM2B_PUBLIC SrkTemplate();
// P-256, sign, not restricted, any scheme.
TPM2B_PUBLIC NodeKeyTemplate();
// The L-2 endorsement key.
TPM2B_PUBLIC EkP256Template();

// TPM2_CreatePrimary with an empty auth value in `hierarchy` (ESYS_TR_RH_ENDORSEMENT, _OWNER, _NULL, _PLATFORM).
Result<TpmKey> CreatePrimary(const Esys& esys, ESYS_TR hierarchy, const TPM2B_PUBLIC& wanted);
// TPM2_Create and TPM2_Load below `parent`, which is authorised by password or, when it does not allow that, by
// PolicySecret of the endorsement hierarchy, as the low range of EKs wants.
Result<TpmKey> CreateChild(const Esys& esys, const TpmKey& parent, const TPM2B_PUBLIC& wanted);
// The key at a persistent handle.
Result<TpmKey> LoadPersistent(const Esys& esys, TPM2_HANDLE handle);

// Contents of an NV index that the owner may read.
Result<Bytes> ReadNv(const Esys& esys, TPM2_HANDLE index);

// A policy session satisfied with PolicySecret(TPM_RH_ENDORSEMENT) (PolicyA of the EK profile).
Result<EsysHandle> EndorsementSession(const Esys& esys);

}  // namespace rootkeep::testing
