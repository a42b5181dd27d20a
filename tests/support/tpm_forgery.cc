#include "tests/support/tpm_forgery.h"

#include <openssl/evp.h>

#include <algorithm>

namespace rootkeep::testing {
namespace {

constexpr TPMT_SIG_SCHEME kOwnScheme{.scheme = TPM2_ALG_NULL};
constexpr TPMT_TK_HASHCHECK kNoTicket{.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL};

template <typename T>
T Sized(ByteView bytes) {
  T result{};
  result.size = static_cast<UINT16>(std::min(bytes.size(), sizeof result.buffer));
  std::copy_n(bytes.data(), result.size, result.buffer);
  return result;
}

Bytes Contents(const TPM2B_ATTEST& attest) { return {attest.attestationData, attest.attestationData + attest.size}; }

Result<Attested> Sign(const Esys& esys, const TpmKey& key, const TPM2B_DIGEST& digest, const TPMT_TK_HASHCHECK& ticket,
                      ByteView buffer) {
  EsysOwned<TPMT_SIGNATURE> signature;
  RK_RETURN_IF_ERROR(FromRc("Esys_Sign", Esys_Sign(esys.get(), key.handle.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                                   ESYS_TR_NONE, &digest, &kOwnScheme, &ticket, signature.out())));
  return ToAttested(ToBytes(buffer), *signature);
}

Result<Attested> QuoteUnder(const Esys& esys, const TpmKey& key, const TPMT_SIG_SCHEME& scheme, ByteView nonce,
                            const std::vector<Pcrs>& selection) {
  const auto qualifying = Sized<TPM2B_DATA>(nonce);
  const TPML_PCR_SELECTION pcrs = ToSelection(selection);
  EsysOwned<TPM2B_ATTEST> attest;
  EsysOwned<TPMT_SIGNATURE> signature;
  RK_RETURN_IF_ERROR(
      FromRc("Esys_Quote", Esys_Quote(esys.get(), key.handle.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                      &qualifying, &scheme, &pcrs, attest.out(), signature.out())));
  return ToAttested(Contents(*attest), *signature);
}

// An index of 64 octets that its owner reads and writes, undefined at the end.
class NvIndex {
 public:
  static constexpr std::size_t kSize = 64;

  NvIndex(const Esys& esys, ESYS_TR handle) : context_(esys.get()), handle_(handle) {}
  NvIndex(const NvIndex&) = delete;
  NvIndex& operator=(const NvIndex&) = delete;
  ~NvIndex() {
    Esys_NV_UndefineSpace(context_, ESYS_TR_RH_OWNER, handle_, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE);
  }
  [[nodiscard]] ESYS_TR get() const { return handle_; }

 private:
  ESYS_CONTEXT* context_;
  ESYS_TR handle_;
};

}  // namespace

Result<Attested> SignHashed(const Esys& esys, const TpmKey& ak, ByteView buffer) {
  const auto data = Sized<TPM2B_MAX_BUFFER>(buffer);
  EsysOwned<TPM2B_DIGEST> digest;
  EsysOwned<TPMT_TK_HASHCHECK> ticket;
  RK_RETURN_IF_ERROR(
      FromRc("Esys_Hash", Esys_Hash(esys.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &data, TPM2_ALG_SHA256,
                                    ESYS_TR_RH_ENDORSEMENT, digest.out(), ticket.out())));
  return Sign(esys, ak, *digest, *ticket, buffer);
}

Result<Attested> SignAnything(const Esys& esys, const TpmKey& key, ByteView buffer) {
  TPM2B_DIGEST digest{.size = 32};
  EVP_Digest(buffer.data(), buffer.size(), digest.buffer, nullptr, EVP_sha256(), nullptr);
  return Sign(esys, key, digest, kNoTicket, buffer);
}

Result<Attested> NvCertify(const Esys& esys, const TpmKey& ak, ByteView nonce, ByteView contents) {
  constexpr TPM2B_AUTH kNoAuth{};
  const TPM2B_NV_PUBLIC area{.nvPublic = {.nvIndex = 0x01800100,
                                          .nameAlg = TPM2_ALG_SHA256,
                                          .attributes = TPMA_NV_OWNERREAD | TPMA_NV_OWNERWRITE,
                                          .dataSize = NvIndex::kSize}};
  ESYS_TR handle = ESYS_TR_NONE;
  RK_RETURN_IF_ERROR(
      FromRc("Esys_NV_DefineSpace", Esys_NV_DefineSpace(esys.get(), ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                                        ESYS_TR_NONE, &kNoAuth, &area, &handle)));
  const NvIndex index(esys, handle);
  Bytes padded = ToBytes(contents);
  padded.resize(NvIndex::kSize);
  const auto data = Sized<TPM2B_MAX_NV_BUFFER>(padded);
  RK_RETURN_IF_ERROR(FromRc("Esys_NV_Write", Esys_NV_Write(esys.get(), ESYS_TR_RH_OWNER, index.get(), ESYS_TR_PASSWORD,
                                                           ESYS_TR_NONE, ESYS_TR_NONE, &data, 0)));
  const auto qualifying = Sized<TPM2B_DATA>(nonce);
  EsysOwned<TPM2B_ATTEST> attest;
  EsysOwned<TPMT_SIGNATURE> signature;
  RK_RETURN_IF_ERROR(FromRc(
      "Esys_NV_Certify",
      Esys_NV_Certify(esys.get(), ak.handle.get(), ESYS_TR_RH_OWNER, index.get(), ESYS_TR_PASSWORD, ESYS_TR_PASSWORD,
                      ESYS_TR_NONE, &qualifying, &kOwnScheme, NvIndex::kSize, 0, attest.out(), signature.out())));
  return ToAttested(Contents(*attest), *signature);
}

Result<Attested> GetTime(const Esys& esys, const TpmKey& ak, ByteView nonce) {
  const auto qualifying = Sized<TPM2B_DATA>(nonce);
  EsysOwned<TPM2B_ATTEST> attest;
  EsysOwned<TPMT_SIGNATURE> signature;
  RK_RETURN_IF_ERROR(FromRc("Esys_GetTime", Esys_GetTime(esys.get(), ESYS_TR_RH_ENDORSEMENT, ak.handle.get(),
                                                         ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, ESYS_TR_NONE, &qualifying,
                                                         &kOwnScheme, attest.out(), signature.out())));
  return ToAttested(Contents(*attest), *signature);
}

Result<Attested> QuoteWith(const Esys& esys, const TpmKey& key, TPM2_ALG_ID scheme, TPM2_ALG_ID hash, ByteView nonce,
                           const std::vector<Pcrs>& selection) {
  TPMT_SIG_SCHEME wanted{.scheme = scheme};
  wanted.details.any.hashAlg = hash;
  return QuoteUnder(esys, key, wanted, nonce, selection);
}

Result<Attested> QuoteAnonymously(const Esys& esys, const TpmKey& key, ByteView nonce,
                                  const std::vector<Pcrs>& selection) {
  TPMT_SIG_SCHEME wanted{.scheme = TPM2_ALG_ECDAA};
  wanted.details.ecdaa.hashAlg = TPM2_ALG_SHA256;
  constexpr TPM2B_ECC_POINT kNoPoint{};
  constexpr TPM2B_SENSITIVE_DATA kNoSeed{};
  constexpr TPM2B_ECC_PARAMETER kNoY{};
  RK_RETURN_IF_ERROR(FromRc(
      "Esys_Commit", Esys_Commit(esys.get(), key.handle.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &kNoPoint,
                                 &kNoSeed, &kNoY, nullptr, nullptr, nullptr, &wanted.details.ecdaa.count)));
  return QuoteUnder(esys, key, wanted, nonce, selection);
}

}  // namespace rootkeep::testing
