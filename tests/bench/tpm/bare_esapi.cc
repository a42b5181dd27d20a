#include "tests/bench/tpm/bare_esapi.h"

#include <tss2/tss2_tctildr.h>

#include <algorithm>

#include "keystore/tpm2/public_area.h"
#include "keystore/tpm2/rc.h"
#include "keystore/tpm2/storage_key.h"

namespace rootkeep::bench {
namespace {

constexpr std::size_t kAuthSize = 32;

TPM2B_AUTH AuthValue() {
  TPM2B_AUTH auth{.size = kAuthSize, .buffer = {}};
  std::fill_n(auth.buffer, kAuthSize, BYTE{7});
  return auth;
}

}  // namespace

BareEsapi::Tcti::~Tcti() { Tss2_TctiLdr_Finalize(&context); }
BareEsapi::Esys::~Esys() {
  if (context != nullptr) Esys_Finalize(&context);
}

Result<std::unique_ptr<BareEsapi>> BareEsapi::Open(const std::string& tcti, tpm2::SessionMode mode, std::size_t keys) {
  std::unique_ptr<BareEsapi> bare(new BareEsapi);
  RK_TSS("Tss2_TctiLdr_Initialize", Tss2_TctiLdr_Initialize(tcti.c_str(), &bare->tcti_.context));
  RK_TSS("Esys_Initialize", Esys_Initialize(&bare->esys_.context, bare->tcti_.context, nullptr));
  RK_RETURN_IF_ERROR(bare->Create(keys));
  if (keys == 1) {
    RK_TRY(bare->loaded_, bare->Load(bare->keys_.front()));
  }
  if (mode == tpm2::SessionMode::kPassword) return bare;
  const TPMT_SYM_DEF aes{.algorithm = TPM2_ALG_AES, .keyBits = {.aes = 128}, .mode = {.aes = TPM2_ALG_CFB}};
  ESYS_CONTEXT* esys = bare->esys_.context;
  RK_TSS("TPM2_StartAuthSession",
         Esys_StartAuthSession(esys, bare->storage_key_.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                               nullptr, TPM2_SE_HMAC, &aes, TPM2_ALG_SHA256, &bare->authorisation_));
  bare->session_ = tpm2::Transient(esys, bare->authorisation_);
  constexpr TPMA_SESSION kAttributes = TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT;
  RK_TSS("Esys_TRSess_SetAttributes", Esys_TRSess_SetAttributes(esys, bare->authorisation_, kAttributes, 0xff));
  return bare;
}

Status BareEsapi::Create(std::size_t keys) {
  ESYS_CONTEXT* esys = esys_.context;
  TPM2B_SENSITIVE_CREATE sensitive{};
  const TPM2B_DATA outside{};
  const TPML_PCR_SELECTION pcrs{};
  const TPM2B_PUBLIC parent = tpm2::StorageKeyTemplate();
  ESYS_TR handle = ESYS_TR_NONE;
  RK_TSS("TPM2_CreatePrimary",
         Esys_CreatePrimary(esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &parent,
                            &outside, &pcrs, &handle, nullptr, nullptr, nullptr, nullptr));
  storage_key_ = tpm2::Transient(esys, handle);
  sensitive.sensitive.userAuth = AuthValue();
  const TPM2B_PUBLIC wanted = tpm2::SigningTemplate(KeyType::kEcP256);
  for (std::size_t i = 0; i < keys; ++i) {
    tpm2::EsysOut<TPM2B_PRIVATE> private_area;
    tpm2::EsysOut<TPM2B_PUBLIC> public_area;
    RK_TSS("TPM2_Create",
           Esys_Create(esys, storage_key_.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &wanted,
                       &outside, &pcrs, private_area.put(), public_area.put(), nullptr, nullptr, nullptr));
    keys_.push_back({.private_area = *private_area, .public_area = *public_area});
  }
  return Ok();
}

Result<tpm2::Transient> BareEsapi::Load(const Key& key) {
  ESYS_TR handle = ESYS_TR_NONE;
  RK_TSS("TPM2_Load", Esys_Load(esys_.context, storage_key_.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                &key.private_area, &key.public_area, &handle));
  tpm2::Transient loaded(esys_.context, handle);
  const TPM2B_AUTH auth = AuthValue();
  RK_TSS("Esys_TR_SetAuth", Esys_TR_SetAuth(esys_.context, handle, &auth));
  return loaded;
}

Status BareEsapi::Sign(ByteView digest) {
  TPM2B_DIGEST wanted{.size = static_cast<UINT16>(digest.size()), .buffer = {}};
  std::ranges::copy(digest, wanted.buffer);
  TPMT_SIG_SCHEME scheme{.scheme = TPM2_ALG_ECDSA, .details = {}};
  scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
  const TPMT_TK_HASHCHECK no_ticket{.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL, .digest = {}};
  tpm2::Transient for_now;
  if (!loaded_.valid()) {
    RK_TRY(for_now, Load(keys_[next_++ % keys_.size()]));
  }
  const ESYS_TR key = loaded_.valid() ? loaded_.get() : for_now.get();
  tpm2::EsysOut<TPMT_SIGNATURE> made;
  RK_TSS("TPM2_Sign", Esys_Sign(esys_.context, key, authorisation_, ESYS_TR_NONE, ESYS_TR_NONE, &wanted, &scheme,
                                &no_ticket, made.put()));
  return Ok();
}

}  // namespace rootkeep::bench
