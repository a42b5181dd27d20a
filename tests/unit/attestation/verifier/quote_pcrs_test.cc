// Q9 to Q11: which registers were quoted, and whether the values beside the quote are theirs.
#include <gtest/gtest.h>

#include "attestation/verifier/reasons.h"
#include "tests/support/matchers.h"
#include "tests/support/tpm_forgery.h"
#include "tests/unit/attestation/verifier/lab.h"

namespace rootkeep::attestation {
namespace {

using testing::Attested;
using testing::AttestNode;
using testing::Exchange;
using testing::IsOk;
using testing::Lab;
using testing::Pcrs;

class QuotePcrs : public ::testing::Test {
 protected:
  std::string OfQuote(const std::vector<Pcrs>& quoted) {
    const Result<Attested> quote = Quote(node_.esys(), node_.ak(), exchange_.binding.quote_nonce, quoted);
    EXPECT_THAT(quote, IsOk());
    AttestEvidence evidence = honest_;
    evidence.quote_attest = quote->attest;
    evidence.quote_signature = quote->signature;
    return exchange_.Verify(evidence).reason;
  }

  std::string OfValues(std::vector<PcrValue> values) {
    AttestEvidence evidence = honest_;
    evidence.pcr_values = std::move(values);
    return exchange_.Verify(evidence).reason;
  }

  AttestNode node_{Lab::Shared().tpm};
  Exchange exchange_ = testing::Start(node_);  // asks for PCRs 0 and 7 of SHA-256
  AttestEvidence honest_ = node_.Answer(exchange_.init, exchange_.challenge);
  const Bytes zero_ = Bytes(32);
};

TEST_F(QuotePcrs, AreTheOnesAskedFor) { EXPECT_EQ(OfQuote({{TPM2_ALG_SHA256, {0, 7}}}), ""); }

TEST_F(QuotePcrs, AreNotFewer) { EXPECT_EQ(OfQuote({{TPM2_ALG_SHA256, {0}}}), reason::kQuoteSelection); }

TEST_F(QuotePcrs, AreNotMore) { EXPECT_EQ(OfQuote({{TPM2_ALG_SHA256, {0, 7, 16}}}), reason::kQuoteSelection); }

TEST_F(QuotePcrs, AreNotOthers) {  // CVE-2024-29039: a debug register, which anybody resets
  EXPECT_EQ(OfQuote({{TPM2_ALG_SHA256, {0, 16}}}), reason::kQuoteSelection);
}

TEST_F(QuotePcrs, AreNotNone) { EXPECT_EQ(OfQuote({}), reason::kQuoteSelection); }

TEST_F(QuotePcrs, AreNotOfABankThatIsNotThere) {  // the TPM quotes no register of it, and signs that
  EXPECT_EQ(OfQuote({{TPM2_ALG_SHA384, {0, 7}}}), reason::kQuoteSelection);
}

TEST_F(QuotePcrs, AreNotOfTwoBanks) {
  EXPECT_EQ(OfQuote({{TPM2_ALG_SHA256, {0, 7}}, {TPM2_ALG_SHA384, {0, 7}}}), reason::kQuoteSelection);
}

TEST_F(QuotePcrs, AreThereForTheBankThatTheNodeSaysItHas) {  // and does not have
  AttestInit init = node_.Init();
  init.banks.push_back(Algorithm::kSha384);
  ASSERT_OK_AND_ASSIGN(Attempt attempt,
                       Attempt::Begin(init, testing::TrustOf(Lab::Shared().manufacturer), testing::Now()));
  ChallengeOptions options = testing::Options();
  options.pcrs.bank = Algorithm::kSha384;
  ASSERT_OK_AND_ASSIGN(const AttestChallenge challenge, attempt.Challenge(options));
  ASSERT_OK_AND_ASSIGN(const Bytes secret, node_.Activate(challenge));
  const testing::AttestBinding binding = testing::BindingOf(init, challenge, secret);
  ASSERT_OK_AND_ASSIGN(const Attested quote,
                       Quote(node_.esys(), node_.ak(), binding.quote_nonce, testing::PcrsOf(challenge)));
  AttestEvidence evidence = honest_;
  evidence.activation_proof = binding.proof;
  evidence.quote_attest = quote.attest;
  evidence.quote_signature = quote.signature;
  EXPECT_EQ(attempt.Verify(evidence, testing::Policy(), std::nullopt, testing::Now()).reason, reason::kQuoteSelection);
}

TEST_F(QuotePcrs, ComeInAnyOrder) { EXPECT_EQ(OfValues({{7, zero_}, {0, zero_}}), ""); }

TEST_F(QuotePcrs, HaveAValueEach) { EXPECT_EQ(OfValues({{0, zero_}}), reason::kQuoteValues); }

TEST_F(QuotePcrs, HaveOneValueEach) { EXPECT_EQ(OfValues({{0, zero_}, {7, zero_}, {7, zero_}}), reason::kQuoteValues); }

TEST_F(QuotePcrs, HaveNoValueBeside) {  // CVE-2022-0317: values that no quote covers
  EXPECT_EQ(OfValues({{0, zero_}, {7, zero_}, {9, zero_}}), reason::kQuoteValues);
}

TEST_F(QuotePcrs, HaveValuesOfTheBank) {  // the same octets, cut elsewhere
  EXPECT_EQ(OfValues({{0, Bytes(20)}, {7, Bytes(44)}}), reason::kQuoteValues);
}

TEST_F(QuotePcrs, HaveTheValuesThatWereQuoted) {
  EXPECT_EQ(OfValues({{0, zero_}, {7, Bytes(32, 1)}}), reason::kQuoteDigest);
}

TEST(QuotePcrsOfAChangedNode, AreNotTheOnesThatItSends) {
  const testing::SwTpm tpm(Lab::Shared().manufacturer, "node-2");
  const AttestNode node(tpm);
  Exchange exchange = testing::Start(node);
  AttestEvidence evidence = node.Answer(exchange.init, exchange.challenge);
  const std::vector<PcrValue> before = evidence.pcr_values;

  ASSERT_THAT(ExtendPcr(node.esys(), 7, Bytes(32, 1)), IsOk());
  ASSERT_OK_AND_ASSIGN(const Attested quote, Quote(node.esys(), node.ak(), exchange.binding.quote_nonce,
                                                   testing::PcrsOf(exchange.challenge)));
  evidence.quote_attest = quote.attest;
  evidence.quote_signature = quote.signature;
  EXPECT_EQ(exchange.Verify(evidence).reason, reason::kQuoteDigest);

  // And the quote from before the change is of no use for the next challenge.
  exchange = testing::Start(node);
  const Verdict verdict = exchange.Verify(node.Answer(exchange.init, exchange.challenge));
  EXPECT_EQ(verdict.reason, reason::kPcrMismatch);
  EXPECT_EQ(verdict.differing_pcrs, std::vector<std::uint8_t>{7});
  EXPECT_NE(verdict.pcrs, before);
  EXPECT_NE(verdict.explanation.find("PCR 7 is "), std::string::npos) << verdict.explanation;
}

}  // namespace
}  // namespace rootkeep::attestation
