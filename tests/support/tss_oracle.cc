#include "tests/support/tss_oracle.h"

#include <tss2/tss2_mu.h>

#include <algorithm>
#include <array>

namespace rootkeep::testing {
namespace {

using attestation::Algorithm;

template <typename T>
using Unmarshal = TSS2_RC (*)(const std::uint8_t*, std::size_t, std::size_t*, T*);
template <typename T>
using Marshal = TSS2_RC (*)(const T*, std::uint8_t*, std::size_t, std::size_t*);

template <typename T>
std::optional<T> ReadWhole(ByteView octets, Unmarshal<T> unmarshal, Marshal<T> marshal) {
  T value{};
  std::size_t used = 0;
  if (unmarshal(octets.data(), octets.size(), &used, &value) != TSS2_RC_SUCCESS || used != octets.size()) return {};
  std::array<std::uint8_t, 4096> again{};
  std::size_t size = 0;
  if (marshal(&value, again.data(), again.size(), &size) != TSS2_RC_SUCCESS) return {};
  if (!std::ranges::equal(octets, std::span(again).first(size))) return {};
  return value;
}

Algorithm Alg(TPM2_ALG_ID id) { return static_cast<Algorithm>(id); }

// Of any TPM2B that has a `buffer`.
template <typename T>
Bytes Contents(const T& tpm2b) {
  return {tpm2b.buffer, tpm2b.buffer + tpm2b.size};
}
Bytes Contents(const TPM2B_NAME& name) { return {name.name, name.name + name.size}; }

template <typename SchemeStruct>
attestation::Scheme SchemeOf(const SchemeStruct& scheme) {
  attestation::Scheme out{.algorithm = Alg(scheme.scheme)};
  if (scheme.scheme == TPM2_ALG_NULL || scheme.scheme == TPM2_ALG_RSAES) return out;
  out.hash = Alg(scheme.details.anySig.hashAlg);
  if (scheme.scheme == TPM2_ALG_ECDAA) out.count = scheme.details.ecdaa.count;
  return out;
}

attestation::Scheme SchemeOf(const TPMT_KDF_SCHEME& scheme) {
  attestation::Scheme out{.algorithm = Alg(scheme.scheme)};
  if (scheme.scheme != TPM2_ALG_NULL) out.hash = Alg(scheme.details.mgf1.hashAlg);
  return out;
}

attestation::SymmetricScheme SymmetricOf(const TPMT_SYM_DEF_OBJECT& symmetric) {
  if (symmetric.algorithm == TPM2_ALG_NULL) return {};
  return {.algorithm = Alg(symmetric.algorithm), .key_bits = symmetric.keyBits.aes};
}

attestation::RsaKey KeyOf(const TPMS_RSA_PARMS& parameters, const TPM2B_PUBLIC_KEY_RSA& modulus) {
  return {.scheme = SchemeOf(parameters.scheme),
          .key_bits = parameters.keyBits,
          .exponent = parameters.exponent,
          .modulus = Contents(modulus)};
}

attestation::EccKey KeyOf(const TPMS_ECC_PARMS& parameters, const TPMS_ECC_POINT& point) {
  return {.scheme = SchemeOf(parameters.scheme),
          .curve = static_cast<attestation::Curve>(parameters.curveID),
          .kdf = SchemeOf(parameters.kdf),
          .x = Contents(point.x),
          .y = Contents(point.y)};
}

std::vector<attestation::PcrSelection> SelectionsOf(const TPML_PCR_SELECTION& list) {
  std::vector<attestation::PcrSelection> selections;
  for (const TPMS_PCR_SELECTION& one : std::span(list.pcrSelections).first(list.count)) {
    attestation::PcrSelection& selection = selections.emplace_back();
    selection.bank = Alg(one.hash);
    std::ranges::copy(std::span(one.pcrSelect).first(selection.bitmap.size()), selection.bitmap.begin());
  }
  return selections;
}

void FillInfo(const TPMS_ATTEST& read, attestation::Attest& out) {
  switch (read.type) {
    case TPM2_ST_ATTEST_QUOTE:
      out.info =
          attestation::QuoteInfo{SelectionsOf(read.attested.quote.pcrSelect), Contents(read.attested.quote.pcrDigest)};
      break;
    case TPM2_ST_ATTEST_CERTIFY:
      out.info =
          attestation::CertifyInfo{Contents(read.attested.certify.name), Contents(read.attested.certify.qualifiedName)};
      break;
    case TPM2_ST_ATTEST_CREATION:
      out.info = attestation::CreationInfo{Contents(read.attested.creation.objectName),
                                           Contents(read.attested.creation.creationHash)};
      break;
    default: break;
  }
}

}  // namespace

std::optional<attestation::PublicArea> TssPublicArea(ByteView tpmt_public) {
  const auto read = ReadWhole<TPMT_PUBLIC>(tpmt_public, &Tss2_MU_TPMT_PUBLIC_Unmarshal, &Tss2_MU_TPMT_PUBLIC_Marshal);
  if (!read) return {};
  attestation::PublicArea area;
  area.name_alg = Alg(read->nameAlg);
  area.attributes = read->objectAttributes;
  area.auth_policy = Contents(read->authPolicy);
  area.symmetric = SymmetricOf(read->parameters.asymDetail.symmetric);
  if (read->type == TPM2_ALG_RSA) {
    area.key = KeyOf(read->parameters.rsaDetail, read->unique.rsa);
  } else {
    area.key = KeyOf(read->parameters.eccDetail, read->unique.ecc);
  }
  return area;
}

std::optional<attestation::Attest> TssAttest(ByteView tpms_attest) {
  if (tpms_attest.size() < sizeof(TPM2_GENERATED)) return {};
  constexpr std::array<std::uint8_t, 4> kMagic{0xff, 'T', 'C', 'G'};
  Bytes octets = ToBytes(tpms_attest);
  std::ranges::copy(kMagic, octets.begin());
  const auto read = ReadWhole<TPMS_ATTEST>(octets, &Tss2_MU_TPMS_ATTEST_Unmarshal, &Tss2_MU_TPMS_ATTEST_Marshal);
  if (!read) return {};
  attestation::Attest attest;
  for (const std::uint8_t octet : tpms_attest.first(4)) attest.magic = attest.magic << 8 | octet;
  attest.type = static_cast<attestation::AttestType>(read->type);
  attest.qualified_signer = Contents(read->qualifiedSigner);
  attest.extra_data = Contents(read->extraData);
  attest.clock_info = {.clock = read->clockInfo.clock,
                       .reset_count = read->clockInfo.resetCount,
                       .restart_count = read->clockInfo.restartCount,
                       .safe = read->clockInfo.safe != 0};
  attest.firmware_version = read->firmwareVersion;
  FillInfo(*read, attest);
  return attest;
}

std::optional<attestation::Signature> TssSignature(ByteView tpmt_signature) {
  const auto read =
      ReadWhole<TPMT_SIGNATURE>(tpmt_signature, &Tss2_MU_TPMT_SIGNATURE_Unmarshal, &Tss2_MU_TPMT_SIGNATURE_Marshal);
  if (!read) return {};
  attestation::Signature signature{.scheme = Alg(read->sigAlg), .hash = Alg(read->signature.any.hashAlg)};
  if (read->sigAlg == TPM2_ALG_RSASSA || read->sigAlg == TPM2_ALG_RSAPSS) {
    signature.value = attestation::RsaSignature{Contents(read->signature.rsassa.sig)};
  } else {
    signature.value = attestation::EccSignature{Contents(read->signature.ecdsa.signatureR),
                                                Contents(read->signature.ecdsa.signatureS)};
  }
  return signature;
}

std::optional<std::vector<attestation::PcrSelection>> TssPcrSelections(ByteView tpml_pcr_selection) {
  const auto read = ReadWhole<TPML_PCR_SELECTION>(tpml_pcr_selection, &Tss2_MU_TPML_PCR_SELECTION_Unmarshal,
                                                  &Tss2_MU_TPML_PCR_SELECTION_Marshal);
  if (!read) return {};
  return SelectionsOf(*read);
}

std::optional<attestation::IdObject> TssIdObject(ByteView tpm2b_id_object) {
  const auto outer =
      ReadWhole<TPM2B_ID_OBJECT>(tpm2b_id_object, &Tss2_MU_TPM2B_ID_OBJECT_Unmarshal, &Tss2_MU_TPM2B_ID_OBJECT_Marshal);
  if (!outer) return {};
  TPM2B_DIGEST hmac{};
  std::size_t used = 0;
  if (Tss2_MU_TPM2B_DIGEST_Unmarshal(outer->credential, outer->size, &used, &hmac) != TSS2_RC_SUCCESS) return {};
  return attestation::IdObject{Contents(hmac), {outer->credential + used, outer->credential + outer->size}};
}

}  // namespace rootkeep::testing
