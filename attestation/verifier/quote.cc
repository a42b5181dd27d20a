#include "attestation/verifier/quote.h"

#include <fmt/format.h>

#include <algorithm>

#include "attestation/verifier/reasons.h"
#include "attestation/verifier/signed_attest.h"

namespace rootkeep::attestation {
namespace {

constexpr AttestReasons kReasons{
    .signature = {reason::kQuoteScheme, reason::kQuoteAnonymous, reason::kQuoteSignature},
    .magic = reason::kQuoteMagic,
    .type = reason::kQuoteType,
    .structure = reason::kQuoteStructure,
    .nonce = reason::kQuoteNonce,
    .signer = reason::kQuoteSigner,
};

// The values in ascending order.
Result<std::vector<PcrValue>> CheckValues(std::vector<PcrValue> values, const PcrSelection& pcrs) {
  std::ranges::sort(values, {}, &PcrValue::index);
  const std::vector<std::uint8_t> wanted = SelectedPcrs(pcrs);
  if (!std::ranges::equal(values, wanted, {}, &PcrValue::index)) return Failure(reason::kQuoteValues);
  for (const PcrValue& value : values) {
    if (value.digest.size() != HashSize(pcrs.bank)) {
      return Failure(reason::kQuoteValues, fmt::format("PCR {} has {} octets", value.index, value.digest.size()));
    }
  }
  return values;
}

Result<Bytes> DigestOf(const std::vector<PcrValue>& values, Algorithm hash) {
  Bytes all;
  for (const PcrValue& value : values) all.insert(all.end(), value.digest.begin(), value.digest.end());
  return TpmHash(hash, all);
}

}  // namespace

Result<QuotedPcrs> CheckQuote(const AttestationKey& ak, const AttestEvidence& evidence, const QuoteExpected& expected) {
  RK_TRY(const Attest attest,
         CheckSignedAttest(
             ak, evidence.quote_attest, evidence.quote_signature,
             {.type = AttestType::kQuote, .nonce = expected.nonce, .qualified_signer = expected.qualified_signer},
             kReasons));
  const auto* info = std::get_if<QuoteInfo>(&attest.info);
  if (info == nullptr) return Failure(reason::kQuoteType);
  if (info->selections.size() != 1 || info->selections.front() != expected.pcrs) {
    return Failure(reason::kQuoteSelection);
  }
  RK_TRY(std::vector<PcrValue> values, CheckValues(evidence.pcr_values, expected.pcrs));
  RK_TRY(const Bytes digest, DigestOf(values, ak.scheme.hash));
  if (digest != info->pcr_digest) return Failure(reason::kQuoteDigest);
  return QuotedPcrs{.clock = attest.clock_info,
                    .firmware_version = attest.firmware_version,
                    .values = std::move(values),
                    .digest = digest};
}

}  // namespace rootkeep::attestation
