#include "attestation/attester/quote.h"

#include "attestation/attester/ak.h"
#include "attestation/attester/facts.h"
#include "attestation/wire/attest.h"
#include "tests/support/matchers.h"
#include "tests/support/tpm_attest.h"
#include "tests/unit/attestation/attester/interposed_esys.h"

namespace rootkeep::testing {
namespace {

using attestation::Algorithm;
using attestation::Attest;
using attestation::MakeAk;
using attestation::QuoteInfo;
using attestation::QuotePcrs;
using attestation::SelectPcrs;

class AttesterQuoteTest : public ::testing::Test {
 protected:
  SwTpm tpm_;
  Esys esys_{tpm_};
  const Bytes nonce_ = Bytes(32, 0x11);
};

TEST_F(AttesterQuoteTest, HoldsTheValuesOfExactlyTheseRegisters) {
  ASSERT_THAT(ExtendPcr(esys_, 7, Bytes(32, 7)), IsOk());
  ASSERT_OK_AND_ASSIGN(const attestation::TpmKey ak, MakeAk(esys_.get()));
  const auto pcrs = SelectPcrs(Algorithm::kSha256, {0, 4, 7, 23});
  ASSERT_OK_AND_ASSIGN(const attestation::Quote quote, QuotePcrs(esys_.get(), ak, pcrs, nonce_));
  ASSERT_EQ(quote.values.size(), 4u);
  EXPECT_EQ(quote.values[2].index, 7);
  EXPECT_EQ(quote.values[2].digest, ReadPcrs(esys_, {.numbers = {7}})->front());
  EXPECT_EQ(quote.values[3].index, 23);
  ASSERT_OK_AND_ASSIGN(const Attest attest, attestation::ParseAttest(quote.attest));
  EXPECT_EQ(attest.extra_data, nonce_);
  EXPECT_EQ(std::get<QuoteInfo>(attest.info).selections, std::vector{pcrs});
}

TEST_F(AttesterQuoteTest, MoreRegistersThanAreReadAtOnce) {
  ASSERT_OK_AND_ASSIGN(const attestation::TpmKey ak, MakeAk(esys_.get()));
  std::vector<std::uint8_t> all;
  for (std::uint8_t i = 0; i < attestation::kPcrCount; ++i) all.push_back(i);
  ASSERT_OK_AND_ASSIGN(const attestation::Quote quote,
                       QuotePcrs(esys_.get(), ak, SelectPcrs(Algorithm::kSha256, all), nonce_));
  ASSERT_EQ(quote.values.size(), all.size());
  for (std::uint8_t i = 0; i < attestation::kPcrCount; ++i) {
    EXPECT_EQ(quote.values[i].index, i);
    EXPECT_EQ(quote.values[i].digest, ReadPcrs(esys_, {.numbers = {i}})->front());
  }
}

TEST_F(AttesterQuoteTest, ABankThatIsNotThereIsAnError) {
  const TpmManufacturer manufacturer;
  const SwTpm tpm(manufacturer, "node");  // has the SHA-256 bank alone
  const Esys esys(tpm);
  ASSERT_OK_AND_ASSIGN(const attestation::TpmKey ak, MakeAk(esys.get()));
  EXPECT_EQ(attestation::AllocatedBanks(esys.get()), std::vector{Algorithm::kSha256});
  EXPECT_THAT(QuotePcrs(esys.get(), ak, SelectPcrs(Algorithm::kSha384, {0, 7}), nonce_), HasReason("pcr_bank"));
  EXPECT_THAT(QuotePcrs(esys.get(), ak, SelectPcrs(Algorithm::kSha256, {0, 7}), nonce_), IsOk());
}

TEST_F(AttesterQuoteTest, RegistersThatChangeInBetweenAreReadAgain) {
  int left = 2;
  const InterposedEsys interposed(tpm_, TPM2_CC_Quote, [&] {
    if (left-- > 0) {
      ASSERT_THAT(ExtendPcr(esys_, 16, Bytes(32, 1)), IsOk());
    }
  });
  ASSERT_OK_AND_ASSIGN(const attestation::TpmKey ak, MakeAk(interposed.get()));
  ASSERT_OK_AND_ASSIGN(const attestation::Quote quote,
                       QuotePcrs(interposed.get(), ak, SelectPcrs(Algorithm::kSha256, {16}), nonce_));
  EXPECT_EQ(left, -1);
  EXPECT_EQ(quote.values.front().digest, ReadPcrs(esys_, {.numbers = {16}})->front());
}

TEST_F(AttesterQuoteTest, ButNotForEver) {
  int quotes = 0;
  const InterposedEsys interposed(tpm_, TPM2_CC_Quote, [&] {
    ++quotes;
    ASSERT_THAT(ExtendPcr(esys_, 16, Bytes(32, 1)), IsOk());
  });
  ASSERT_OK_AND_ASSIGN(const attestation::TpmKey ak, MakeAk(interposed.get()));
  const auto quote = QuotePcrs(interposed.get(), ak, SelectPcrs(Algorithm::kSha256, {16}), nonce_);
  EXPECT_THAT(quote, HasReason("pcrs_changing"));
  EXPECT_THAT(quote, HasCode(Code::kAborted));
  EXPECT_EQ(quotes, 5);
}

}  // namespace
}  // namespace rootkeep::testing
