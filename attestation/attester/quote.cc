#include "attestation/attester/quote.h"

#include <fmt/format.h>

#include "attestation/attester/marshal.h"
#include "attestation/wire/attest.h"
#include "keystore/tpm2/rc.h"

namespace rootkeep::attestation {
namespace {

constexpr int kTries = 5;

TPML_PCR_SELECTION ToTss(const PcrSelection& pcrs) {
  TPML_PCR_SELECTION list{};
  list.count = 1;
  TPMS_PCR_SELECTION& selection = list.pcrSelections[0];
  selection.hash = static_cast<TPMI_ALG_HASH>(pcrs.bank);
  selection.sizeofSelect = static_cast<UINT8>(pcrs.bitmap.size());
  std::ranges::copy(pcrs.bitmap, selection.pcrSelect);
  return list;
}

Error NotThere(const PcrSelection& pcrs) {
  return FailedPrecondition(fmt::format("the TPM does not have all of the PCRs that were asked for in bank {}",
                                        AlgorithmName(pcrs.bank)))
      .WithReason("pcr_bank");
}

// TPM2_PCR_Read gives eight at most, in ascending order.
Result<std::vector<PcrValue>> ReadPcrs(ESYS_CONTEXT* esys, const PcrSelection& pcrs) {
  std::vector<PcrValue> values;
  const std::vector<std::uint8_t> indices = SelectedPcrs(pcrs);
  while (values.size() < indices.size()) {
    const std::vector<std::uint8_t> rest(indices.begin() + std::ssize(values), indices.end());
    const TPML_PCR_SELECTION wanted = ToTss(SelectPcrs(pcrs.bank, rest));
    UINT32 counter = 0;
    tpm2::EsysOut<TPML_PCR_SELECTION> selected;
    tpm2::EsysOut<TPML_DIGEST> digests;
    RK_TSS("TPM2_PCR_Read", Esys_PCR_Read(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &wanted, &counter,
                                          selected.put(), digests.put()));
    const UINT32 count = digests->count;
    // It passes over registers that it does not have.
    if (count == 0 || count > rest.size()) return NotThere(pcrs);
    const std::vector<std::uint8_t> taken(rest.begin(), rest.begin() + count);
    const PcrSelection expected = SelectPcrs(pcrs.bank, taken);
    if (selected->count != 1 ||
        !std::ranges::equal(ByteView(selected->pcrSelections[0].pcrSelect, expected.bitmap.size()), expected.bitmap)) {
      return NotThere(pcrs);
    }
    for (UINT32 i = 0; i < count; ++i) {
      const TPM2B_DIGEST& digest = digests->digests[i];
      values.push_back({.index = taken[i], .digest = ToBytes({digest.buffer, digest.size})});
    }
  }
  return values;
}

Result<Quote> QuoteOnce(ESYS_CONTEXT* esys, const TpmKey& ak, const PcrSelection& pcrs, ByteView nonce) {
  TPM2B_DATA qualifying{};
  RK_RETURN_IF_ERROR(Fill(qualifying.size, qualifying.buffer, nonce));
  TPMT_SIG_SCHEME of_the_key{};
  of_the_key.scheme = TPM2_ALG_NULL;
  const TPML_PCR_SELECTION selection = ToTss(pcrs);
  tpm2::EsysOut<TPM2B_ATTEST> attest;
  tpm2::EsysOut<TPMT_SIGNATURE> signature;
  RK_TSS("TPM2_Quote", Esys_Quote(esys, ak.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &qualifying,
                                  &of_the_key, &selection, attest.put(), signature.put()));
  RK_TRY(Bytes signature_octets, Octets(*signature));
  return Quote{.attest = ToBytes({attest->attestationData, attest->size}),
               .signature = std::move(signature_octets),
               .values = {}};
}

// What a quote says about these values, by the hash function of the AK.
Result<Bytes> DigestOf(const std::vector<PcrValue>& values) {
  Bytes all;
  for (const PcrValue& value : values) all.insert(all.end(), value.digest.begin(), value.digest.end());
  return TpmHash(Algorithm::kSha256, all);
}

}  // namespace

Result<Quote> QuotePcrs(ESYS_CONTEXT* esys, const TpmKey& ak, const PcrSelection& pcrs, ByteView nonce) {
  for (int i = 0; i < kTries; ++i) {
    RK_TRY(std::vector<PcrValue> values, ReadPcrs(esys, pcrs));
    RK_TRY(const Bytes digest, DigestOf(values));
    RK_TRY(Quote quote, QuoteOnce(esys, ak, pcrs, nonce));
    RK_TRY(const Attest attest, ParseAttest(quote.attest));
    const auto* info = std::get_if<QuoteInfo>(&attest.info);
    if (info == nullptr || info->selections != std::vector{pcrs}) return NotThere(pcrs);
    if (info->pcr_digest != digest) continue;
    quote.values = std::move(values);
    return quote;
  }
  return Error(Code::kAborted, fmt::format("PCRs changed between reading and quoting them, {} times", kTries))
      .WithReason("pcrs_changing");
}

}  // namespace rootkeep::attestation
