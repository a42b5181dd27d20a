#include "tests/support/tpm_keys.h"

#include <tss2/tss2_mu.h>

#include <algorithm>
#include <array>

namespace rootkeep::testing {
namespace {

constexpr TPM2_HANDLE kEkL1 = 0x81010001;
constexpr TPM2_HANDLE kEkH3 = 0x81010016;
constexpr TPMA_OBJECT kFixed = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN;

Result<TpmKey> Describe(const Esys& esys, EsysHandle handle) {
  EsysOwned<TPM2B_PUBLIC> public_area;
  EsysOwned<TPM2B_NAME> name;
  RK_RETURN_IF_ERROR(FromRc("Esys_ReadPublic", Esys_ReadPublic(esys.get(), handle.get(), ESYS_TR_NONE, ESYS_TR_NONE,
                                                               ESYS_TR_NONE, public_area.out(), name.out(), nullptr)));
  Bytes encoded(sizeof(TPMT_PUBLIC));
  std::size_t size = 0;
  RK_RETURN_IF_ERROR(
      FromRc("Tss2_MU_TPMT_PUBLIC_Marshal",
             Tss2_MU_TPMT_PUBLIC_Marshal(&public_area->publicArea, encoded.data(), encoded.size(), &size)));
  encoded.resize(size);
  return TpmKey{.handle = std::move(handle),
                .public_area = *public_area,
                .encoded = std::move(encoded),
                .name = Bytes(name->name, name->name + name->size)};
}

TPM2B_PUBLIC EccTemplate(TPMA_OBJECT attributes) {
  TPM2B_PUBLIC result{};
  TPMT_PUBLIC& area = result.publicArea;
  area.type = TPM2_ALG_ECC;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = attributes;
  area.parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
  area.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
  area.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
  area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
  return result;
}

// A parent: AES-128 in CFB mode protects its children.
TPM2B_PUBLIC StorageTemplate(TPMA_OBJECT attributes) {
  TPM2B_PUBLIC result = EccTemplate(attributes);
  TPMS_ECC_PARMS& parameters = result.publicArea.parameters.eccDetail;
  parameters.symmetric.algorithm = TPM2_ALG_AES;
  parameters.symmetric.keyBits.aes = 128;
  parameters.symmetric.mode.aes = TPM2_ALG_CFB;
  result.publicArea.unique.ecc.x.size = 32;
  result.publicArea.unique.ecc.y.size = 32;
  return result;
}

bool NeedsPolicy(const TpmKey& key) {
  return (key.public_area.publicArea.objectAttributes & TPMA_OBJECT_USERWITHAUTH) == 0;
}

}  // namespace

TPM2B_PUBLIC AkTemplate() {
  TPM2B_PUBLIC result = EccTemplate(kFixed | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED |
                                    TPMA_OBJECT_SIGN_ENCRYPT);
  TPMS_ECC_PARMS& parameters = result.publicArea.parameters.eccDetail;
  parameters.scheme.scheme = TPM2_ALG_ECDSA;
  parameters.scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
  return result;
}

TPM2B_PUBLIC RsaAkTemplate() {
  TPM2B_PUBLIC result = AkTemplate();
  result.publicArea.type = TPM2_ALG_RSA;
  result.publicArea.parameters = {};
  TPMS_RSA_PARMS& parameters = result.publicArea.parameters.rsaDetail;
  parameters.symmetric.algorithm = TPM2_ALG_NULL;
  parameters.scheme.scheme = TPM2_ALG_RSASSA;
  parameters.scheme.details.rsassa.hashAlg = TPM2_ALG_SHA256;
  parameters.keyBits = 2048;
  return result;
}

TPM2B_PUBLIC SrkTemplate() {
  return StorageTemplate(kFixed | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED |
                         TPMA_OBJECT_DECRYPT);
}

TPM2B_PUBLIC NodeKeyTemplate() {
  return EccTemplate(kFixed | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_SIGN_ENCRYPT);
}

TPM2B_PUBLIC EkP256Template() {
  TPM2B_PUBLIC result =
      StorageTemplate(kFixed | TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT);
  const auto policy_a = FromHex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa");
  result.publicArea.authPolicy.size = 32;
  std::ranges::copy(*policy_a, result.publicArea.authPolicy.buffer);
  return result;
}

Result<TpmKey> CreatePrimary(const Esys& esys, ESYS_TR hierarchy, const TPM2B_PUBLIC& wanted) {
  constexpr TPM2B_SENSITIVE_CREATE kNoAuth{};
  constexpr TPM2B_DATA kNoInfo{};
  constexpr TPML_PCR_SELECTION kNoPcrs{};
  ESYS_TR handle = ESYS_TR_NONE;
  RK_RETURN_IF_ERROR(
      FromRc("Esys_CreatePrimary",
             Esys_CreatePrimary(esys.get(), hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &kNoAuth, &wanted,
                                &kNoInfo, &kNoPcrs, &handle, nullptr, nullptr, nullptr, nullptr)));
  return Describe(esys, EsysHandle(esys, handle));
}

Result<TpmKey> LoadPersistent(const Esys& esys, TPM2_HANDLE handle) {
  ESYS_TR object = ESYS_TR_NONE;
  RK_RETURN_IF_ERROR(FromRc("Esys_TR_FromTPMPublic", Esys_TR_FromTPMPublic(esys.get(), handle, ESYS_TR_NONE,
                                                                           ESYS_TR_NONE, ESYS_TR_NONE, &object)));
  return Describe(esys, EsysHandle(esys, object, true));
}

Result<TpmKey> EndorsementKey(const Esys& esys, EkKind kind) {
  if (kind == EkKind::kL2) return CreatePrimary(esys, ESYS_TR_RH_ENDORSEMENT, EkP256Template());
  return LoadPersistent(esys, kind == EkKind::kL1 ? kEkL1 : kEkH3);
}

Result<TpmKey> CreateChild(const Esys& esys, const TpmKey& parent, const TPM2B_PUBLIC& wanted) {
  constexpr TPM2B_SENSITIVE_CREATE kNoAuth{};
  constexpr TPM2B_DATA kNoInfo{};
  constexpr TPML_PCR_SELECTION kNoPcrs{};
  EsysOwned<TPM2B_PRIVATE> private_part;
  EsysOwned<TPM2B_PUBLIC> public_part;
  // A policy session is good for one command.
  const auto authorise = [&](auto&& command) -> Status {
    if (!NeedsPolicy(parent)) return command(ESYS_TR_PASSWORD);
    RK_TRY(const EsysHandle session, EndorsementSession(esys));
    return command(session.get());
  };
  RK_RETURN_IF_ERROR(authorise([&](ESYS_TR session) {
    return FromRc("Esys_Create",
                  Esys_Create(esys.get(), parent.handle.get(), session, ESYS_TR_NONE, ESYS_TR_NONE, &kNoAuth, &wanted,
                              &kNoInfo, &kNoPcrs, private_part.out(), public_part.out(), nullptr, nullptr, nullptr));
  }));
  ESYS_TR handle = ESYS_TR_NONE;
  RK_RETURN_IF_ERROR(authorise([&](ESYS_TR session) {
    return FromRc("Esys_Load", Esys_Load(esys.get(), parent.handle.get(), session, ESYS_TR_NONE, ESYS_TR_NONE,
                                         &*private_part, &*public_part, &handle));
  }));
  return Describe(esys, EsysHandle(esys, handle));
}

Result<EsysHandle> EndorsementSession(const Esys& esys) {
  constexpr TPMT_SYM_DEF kPlain{.algorithm = TPM2_ALG_NULL};
  ESYS_TR handle = ESYS_TR_NONE;
  RK_RETURN_IF_ERROR(
      FromRc("Esys_StartAuthSession",
             Esys_StartAuthSession(esys.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                   nullptr, TPM2_SE_POLICY, &kPlain, TPM2_ALG_SHA256, &handle)));
  EsysHandle session(esys, handle);
  RK_RETURN_IF_ERROR(FromRc("Esys_PolicySecret", Esys_PolicySecret(esys.get(), ESYS_TR_RH_ENDORSEMENT, session.get(),
                                                                   ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                                                   nullptr, nullptr, nullptr, 0, nullptr, nullptr)));
  return session;
}

Result<Bytes> ReadNv(const Esys& esys, TPM2_HANDLE index) {
  ESYS_TR handle = ESYS_TR_NONE;
  RK_RETURN_IF_ERROR(FromRc("Esys_TR_FromTPMPublic", Esys_TR_FromTPMPublic(esys.get(), index, ESYS_TR_NONE,
                                                                           ESYS_TR_NONE, ESYS_TR_NONE, &handle)));
  const EsysHandle nv(esys, handle, true);
  EsysOwned<TPM2B_NV_PUBLIC> area;
  RK_RETURN_IF_ERROR(FromRc("Esys_NV_ReadPublic", Esys_NV_ReadPublic(esys.get(), nv.get(), ESYS_TR_NONE, ESYS_TR_NONE,
                                                                     ESYS_TR_NONE, area.out(), nullptr)));
  constexpr std::size_t kChunk = 512;  // TPM2_PT_NV_BUFFER_MAX is at least that
  Bytes contents;
  while (contents.size() < area->nvPublic.dataSize) {
    EsysOwned<TPM2B_MAX_NV_BUFFER> chunk;
    const std::size_t size = std::min<std::size_t>(kChunk, area->nvPublic.dataSize - contents.size());
    RK_RETURN_IF_ERROR(FromRc("Esys_NV_Read", Esys_NV_Read(esys.get(), ESYS_TR_RH_OWNER, nv.get(), ESYS_TR_PASSWORD,
                                                           ESYS_TR_NONE, ESYS_TR_NONE, static_cast<UINT16>(size),
                                                           static_cast<UINT16>(contents.size()), chunk.out())));
    contents.insert(contents.end(), chunk->buffer, chunk->buffer + chunk->size);
  }
  return contents;
}

}  // namespace rootkeep::testing
