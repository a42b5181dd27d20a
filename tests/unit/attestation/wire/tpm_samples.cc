#include "tests/unit/attestation/wire/tpm_samples.h"

#include <cstdio>
#include <cstdlib>
#include <type_traits>

#include "tests/support/esys.h"
#include "tests/support/tpm_attest.h"
#include "tests/support/tpm_forgery.h"
#include "tests/support/tpm_keys.h"
#include "tests/support/tpm_manufacturer.h"

namespace rootkeep::testing {
namespace {

template <typename T>
T Need(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "TpmSamples: %s\n", result.error().ToString().c_str());
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

void Keep(const TpmKey& key, TpmSamples& samples) {
  samples.public_areas.push_back(key.encoded);
  samples.names.push_back(key.name);
}

void Keep(Attested attested, TpmSamples& samples) {
  samples.attests.push_back(std::move(attested.attest));
  samples.signatures.push_back(std::move(attested.signature));
}

TPM2B_PUBLIC PssAkTemplate() {
  TPM2B_PUBLIC wanted = RsaAkTemplate();
  wanted.publicArea.parameters.rsaDetail.scheme.scheme = TPM2_ALG_RSAPSS;
  wanted.publicArea.parameters.rsaDetail.scheme.details.rsapss.hashAlg = TPM2_ALG_SHA384;
  return wanted;
}

// TPM2_CertifyCreation of an AK by itself.
Attested CertifyCreation(const Esys& esys) {
  const TPM2B_PUBLIC wanted = AkTemplate();
  const TPM2B_SENSITIVE_CREATE secret{};
  const TPM2B_DATA nothing{};
  const TPML_PCR_SELECTION no_pcrs{};
  ESYS_TR handle = ESYS_TR_NONE;
  EsysOwned<TPM2B_DIGEST> hash;
  EsysOwned<TPMT_TK_CREATION> ticket;
  Need(FromRc("Esys_CreatePrimary", Esys_CreatePrimary(esys.get(), ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD,
                                                       ESYS_TR_NONE, ESYS_TR_NONE, &secret, &wanted, &nothing, &no_pcrs,
                                                       &handle, nullptr, nullptr, hash.out(), ticket.out())));
  const EsysHandle ak(esys, handle);
  constexpr TPMT_SIG_SCHEME kOwnScheme{.scheme = TPM2_ALG_NULL};
  EsysOwned<TPM2B_ATTEST> attest;
  EsysOwned<TPMT_SIGNATURE> signature;
  Need(FromRc("Esys_CertifyCreation",
              Esys_CertifyCreation(esys.get(), handle, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &nothing,
                                   &*hash, &kOwnScheme, &*ticket, attest.out(), signature.out())));
  return Need(ToAttested({attest->attestationData, attest->attestationData + attest->size}, *signature));
}

}  // namespace

TpmSamples MakeTpmSamples() {
  const TpmManufacturer manufacturer;
  const SwTpm tpm(manufacturer, "node-1");
  const Esys esys(tpm);
  const Bytes nonce(32, 0x5a);
  const std::vector<Pcrs> some{{.bank = TPM2_ALG_SHA256, .numbers = {0, 2, 7, 23}}};
  TpmSamples samples;
  for (const EkKind kind : {EkKind::kL1, EkKind::kL2, EkKind::kH3}) Keep(Need(EndorsementKey(esys, kind)), samples);
  for (const TPM2B_PUBLIC& wanted : {AkTemplate(), RsaAkTemplate(), PssAkTemplate()}) {
    const TpmKey ak = Need(CreatePrimary(esys, ESYS_TR_RH_ENDORSEMENT, wanted));
    Keep(ak, samples);
    Keep(Need(Quote(esys, ak, nonce, some)), samples);
  }
  const TpmKey ak = Need(CreatePrimary(esys, ESYS_TR_RH_ENDORSEMENT, AkTemplate()));
  Keep(Need(Quote(esys, ak, {}, {})), samples);
  Keep(Need(GetTime(esys, ak, nonce)), samples);
  {
    const TpmKey srk = Need(CreatePrimary(esys, ESYS_TR_RH_OWNER, SrkTemplate()));
    Keep(srk, samples);
    const TpmKey node = Need(CreateChild(esys, srk, NodeKeyTemplate()));
    Keep(node, samples);
    Keep(Need(Certify(esys, ak, node, nonce)), samples);
  }
  Keep(CertifyCreation(esys), samples);
  return samples;
}

}  // namespace rootkeep::testing
