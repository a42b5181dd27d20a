#include "tests/support/tpm_node_key.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "attestation/attester/marshal.h"
#include "attestation/wire/public_key.h"
#include "keystore/base/openssl.h"
#include "tests/support/tpm_attest.h"
#include "tests/support/tpm_keys.h"

namespace rootkeep::testing {
namespace {

constexpr TPM2B_AUTH kAuth{.size = 6, .buffer = {'s', 'e', 'c', 'r', 'e', 't'}};

[[noreturn]] void Abort(const Error& error) {
  std::fprintf(stderr, "TpmNodeKey fixture: %s\n", error.ToString().c_str());
  std::abort();
}

}  // namespace

TpmNodeKey::TpmNodeKey(const SwTpm& tpm) {
  const Esys esys(tpm);
  if (const Status made = Make(esys); !made.ok()) Abort(made.error());
}

Status TpmNodeKey::Make(const Esys& esys) {
  RK_TRY(const TpmKey srk, CreatePrimary(esys, ESYS_TR_RH_OWNER, SrkTemplate()));
  parent_area_ = srk.encoded;
  TPM2B_SENSITIVE_CREATE sensitive{};
  sensitive.sensitive.userAuth = kAuth;
  const TPM2B_PUBLIC wanted = NodeKeyTemplate();
  constexpr TPM2B_DATA kNoInfo{};
  constexpr TPML_PCR_SELECTION kNoPcrs{};
  EsysOwned<TPM2B_PRIVATE> private_part;
  EsysOwned<TPM2B_PUBLIC> public_part;
  RK_RETURN_IF_ERROR(FromRc(
      "Esys_Create",
      Esys_Create(esys.get(), srk.handle.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &wanted,
                  &kNoInfo, &kNoPcrs, private_part.out(), public_part.out(), nullptr, nullptr, nullptr)));
  private_ = *private_part;
  public_ = *public_part;
  RK_TRY(public_area_, attestation::Octets(public_.publicArea));
  return Ok();
}

Result<ESYS_TR> TpmNodeKey::LoadInto(ESYS_CONTEXT* esys) const {
  constexpr TPM2B_SENSITIVE_CREATE kNoAuth{};
  constexpr TPM2B_DATA kNoInfo{};
  constexpr TPML_PCR_SELECTION kNoPcrs{};
  const TPM2B_PUBLIC srk_template = SrkTemplate();
  ESYS_TR srk = ESYS_TR_NONE;
  RK_RETURN_IF_ERROR(
      FromRc("Esys_CreatePrimary",
             Esys_CreatePrimary(esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &kNoAuth,
                                &srk_template, &kNoInfo, &kNoPcrs, &srk, nullptr, nullptr, nullptr, nullptr)));
  const tpm2::Transient parent(esys, srk);
  ESYS_TR key = ESYS_TR_NONE;
  RK_RETURN_IF_ERROR(FromRc(
      "Esys_Load", Esys_Load(esys, srk, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &private_, &public_, &key)));
  RK_RETURN_IF_ERROR(FromRc("Esys_TR_SetAuth", Esys_TR_SetAuth(esys, key, &kAuth)));
  return key;
}

Result<attestation::KeyToCertify::Loaded> TpmNodeKey::Load(tpm2::Connection& connection) const {
  RK_TRY(const ESYS_TR key, LoadInto(connection.esys()));
  return Loaded{.key = key};
}

Bytes TpmNodeKey::Csr(const SwTpm& tpm) const {
  const auto area = attestation::ParsePublicArea(public_area_);
  if (!area.ok()) Abort(area.error());
  const auto key = attestation::ToPKey(*area);
  if (!key.ok()) Abort(key.error());
  const ossl::CertReq request(X509_REQ_new());
  if (X509_REQ_set_pubkey(request.get(), key->get()) != 1) std::abort();
  unsigned char* out = nullptr;
  const int size = i2d_re_X509_REQ_tbs(request.get(), &out);
  if (size <= 0) std::abort();
  const Bytes digest = *attestation::TpmHash(attestation::Algorithm::kSha256, {out, static_cast<std::size_t>(size)});
  OPENSSL_free(out);

  const Esys esys(tpm);
  const auto sign = [&]() -> Result<Bytes> {
    RK_TRY(const ESYS_TR loaded, LoadInto(esys.get()));
    const testing::TpmKey signer{.handle = {esys, loaded}, .public_area = public_, .encoded = public_area_, .name = {}};
    return SignDigest(esys, signer, digest);
  };
  const auto signature = sign();
  if (!signature.ok()) Abort(signature.error());

  ASN1_BIT_STRING* const bits = ASN1_BIT_STRING_new();
  ASN1_BIT_STRING_set(bits, const_cast<std::uint8_t*>(signature->data()), static_cast<int>(signature->size()));
  bits->flags &= ~0x07;
  bits->flags |= ASN1_STRING_FLAG_BITS_LEFT;  // whole octets
  X509_REQ_set0_signature(request.get(), bits);
  X509_ALGOR* const algorithm = X509_ALGOR_new();
  X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_ecdsa_with_SHA256), V_ASN1_UNDEF, nullptr);
  if (X509_REQ_set1_signature_algo(request.get(), algorithm) != 1) std::abort();
  X509_ALGOR_free(algorithm);
  unsigned char* der = nullptr;
  const int der_size = i2d_X509_REQ(request.get(), &der);
  if (der_size <= 0) std::abort();
  Bytes csr(der, der + der_size);
  OPENSSL_free(der);
  return csr;
}

}  // namespace rootkeep::testing
