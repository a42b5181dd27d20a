// Q1 to Q8: who signed the quote, with what, and what for. The attacker has a genuine TPM and uses its keys as it
// likes.
#include <gtest/gtest.h>

#include "attestation/verifier/quote.h"
#include "attestation/verifier/reasons.h"
#include "attestation/wire/signature.h"
#include "tests/support/matchers.h"
#include "tests/support/tpm_forgery.h"
#include "tests/unit/attestation/verifier/lab.h"

namespace rootkeep::attestation {
namespace {

using testing::Attested;
using testing::AttestNode;
using testing::Exchange;
using testing::HasReason;
using testing::IsOk;
using testing::Lab;

class QuoteSignature : public ::testing::Test {
 protected:
  // The verdict on the honest answer with another quote in it.
  Verdict With(Result<Attested> quote) {
    EXPECT_THAT(quote, IsOk());
    if (!quote.ok()) return {};
    AttestEvidence evidence = honest_;
    evidence.quote_attest = std::move(quote->attest);
    evidence.quote_signature = std::move(quote->signature);
    return exchange_.Verify(evidence);
  }

  Verdict WithSignature(Bytes signature) { return With(Attested{honest_.quote_attest, std::move(signature)}); }

  [[nodiscard]] const testing::Esys& esys() const { return node_.esys(); }
  [[nodiscard]] std::vector<testing::Pcrs> Asked() const { return testing::PcrsOf(exchange_.challenge); }
  [[nodiscard]] ByteView Nonce() const { return exchange_.binding.quote_nonce; }

  // What an attacker would like the TPM to have said: every register as the policy wants it.
  [[nodiscard]] Attest Wanted() const {
    Attest attest = *ParseAttest(honest_.quote_attest);
    std::get<QuoteInfo>(attest.info).pcr_digest = *TpmHash(Algorithm::kSha256, Bytes(64));
    return attest;
  }

  AttestNode node_{Lab::Shared().tpm};
  Exchange exchange_ = testing::Start(node_);
  AttestEvidence honest_ = node_.Answer(exchange_.init, exchange_.challenge);
};

TEST_F(QuoteSignature, IsTakenFromAnHonestNode) { EXPECT_TRUE(exchange_.Verify(honest_).passed); }

TEST_F(QuoteSignature, IsUnderTheSchemeOfTheKey) {  // Q1
  ASSERT_OK_AND_ASSIGN(const auto rsa, CreatePrimary(esys(), ESYS_TR_RH_ENDORSEMENT, testing::RsaAkTemplate()));
  const Verdict verdict = With(Quote(esys(), rsa, Nonce(), Asked()));
  EXPECT_EQ(verdict.reason, reason::kQuoteScheme);
  EXPECT_FALSE(verdict.quoted);
  EXPECT_TRUE(verdict.activated);
}

TEST_F(QuoteSignature, IsUnderTheHashOfTheKey) {  // Q1: SHA-1, from a key that leaves the choice to its user
  EXPECT_EQ(With(QuoteWith(esys(), node_.node_key(), TPM2_ALG_ECDSA, TPM2_ALG_SHA1, Nonce(), Asked())).reason,
            reason::kQuoteScheme);
}

TEST_F(QuoteSignature, HasNothingAfterIt) {  // Q1
  Bytes signature = honest_.quote_signature;
  signature.push_back(0);
  EXPECT_EQ(WithSignature(std::move(signature)).reason, reason::kQuoteScheme);
}

TEST_F(QuoteSignature, HasNumbersOfTheCurve) {  // Q1
  for (Bytes EccSignature::* number : {&EccSignature::r, &EccSignature::s}) {
    for (const bool longer : {false, true}) {
      exchange_ = testing::Start(node_);
      honest_ = node_.Answer(exchange_.init, exchange_.challenge);
      Signature signature = *ParseSignature(honest_.quote_signature);
      Bytes& octets = std::get<EccSignature>(signature.value).*number;
      if (longer) octets.insert(octets.begin(), 33 - octets.size(), 0);
      if (!longer) octets = {0};
      EXPECT_EQ(WithSignature(Encode(signature)).reason, reason::kQuoteScheme) << (longer ? "too long" : "zero");
    }
  }
}

TEST_F(QuoteSignature, HasNumbersBelowTheOrder) {  // Q1
  Signature signature = *ParseSignature(honest_.quote_signature);
  const Bytes order = *FromHex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  std::get<EccSignature>(signature.value).s = order;
  EXPECT_EQ(WithSignature(Encode(signature)).reason, reason::kQuoteSignature);
}

TEST_F(QuoteSignature, IsByTheActivatedKey) {  // Q2
  TPM2B_PUBLIC other = testing::AkTemplate();
  other.publicArea.unique.ecc.x = {.size = 1, .buffer = {1}};
  ASSERT_OK_AND_ASSIGN(const auto key, CreatePrimary(esys(), ESYS_TR_RH_ENDORSEMENT, other));
  EXPECT_EQ(With(Quote(esys(), key, Nonce(), Asked())).reason, reason::kQuoteSignature);
}

TEST_F(QuoteSignature, IsByTheTpmThatActivated) {  // Q2: the state of one machine for the other
  const testing::SwTpm second(Lab::Shared().manufacturer, "node-2");
  const AttestNode other(second);
  EXPECT_EQ(With(Quote(other.esys(), other.ak(), Nonce(), Asked())).reason, reason::kQuoteSignature);
}

TEST_F(QuoteSignature, IsOverTheOctetsThatCame) {                                   // Q2
  EXPECT_EQ(With(Attested{Encode(Wanted()), honest_.quote_signature}).reason, "");  // the same octets: zero registers
  exchange_ = testing::Start(node_);
  honest_ = node_.Answer(exchange_.init, exchange_.challenge);
  Attest attest = Wanted();
  attest.clock_info.clock += 1;
  EXPECT_EQ(With(Attested{Encode(attest), honest_.quote_signature}).reason, reason::kQuoteSignature);
}

TEST_F(QuoteSignature, IsNotAnonymous) {  // Q3: an anonymous signature leaves extraData empty
  TPM2B_PUBLIC anonymous = testing::NodeKeyTemplate();
  TPMT_ECC_SCHEME& scheme = anonymous.publicArea.parameters.eccDetail.scheme;
  scheme.scheme = TPM2_ALG_ECDAA;
  scheme.details.ecdaa.hashAlg = TPM2_ALG_SHA256;
  ASSERT_OK_AND_ASSIGN(const auto key, CreatePrimary(esys(), ESYS_TR_RH_ENDORSEMENT, anonymous));
  EXPECT_EQ(With(QuoteAnonymously(esys(), key, Nonce(), Asked())).reason, reason::kQuoteAnonymous);
}

TEST_F(QuoteSignature, IsOverWhatTheTpmMade) {  // Q4: CVE-2024-29038, CVE-2024-29040
  Attest forged = Wanted();
  EXPECT_THAT(SignHashed(esys(), node_.ak(), Encode(forged)), ::testing::Not(IsOk()));  // not with the magic in front
  forged.magic = 0x00544347;
  EXPECT_EQ(With(SignHashed(esys(), node_.ak(), Encode(forged))).reason, reason::kQuoteMagic);
}

TEST_F(QuoteSignature, IsOverAQuote) {  // Q5
  EXPECT_EQ(With(NvCertify(esys(), node_.ak(), Nonce(), AsBytes("as if it were a quote"))).reason, reason::kQuoteType);
}

TEST_F(QuoteSignature, IsNoCertification) {  // Q5
  EXPECT_EQ(With(Certify(esys(), node_.ak(), node_.node_key(), Nonce())).reason, reason::kQuoteType);
}

TEST_F(QuoteSignature, IsNoTime) {  // Q5
  EXPECT_EQ(With(GetTime(esys(), node_.ak(), Nonce())).reason, reason::kQuoteType);
}

TEST_F(QuoteSignature, IsOverAWholeStructure) {  // Q4 to Q6: what a restricted key signs beside them
  EXPECT_EQ(With(SignHashed(esys(), node_.ak(), AsBytes("x"))).reason, reason::kQuoteStructure);
}

TEST_F(QuoteSignature, IsForThisChallenge) {  // Q7: replay
  const AttestEvidence old = honest_;
  exchange_ = testing::Start(node_);
  honest_ = node_.Answer(exchange_.init, exchange_.challenge);
  EXPECT_EQ(With(Attested{old.quote_attest, old.quote_signature}).reason, reason::kQuoteNonce);
}

TEST_F(QuoteSignature, IsForAChallengeAtAll) {  // Q7
  EXPECT_EQ(With(Quote(esys(), node_.ak(), {}, Asked())).reason, reason::kQuoteNonce);
}

TEST_F(QuoteSignature, IsForTheWholeNonce) {  // Q7
  EXPECT_EQ(With(Quote(esys(), node_.ak(), Nonce().first(31), Asked())).reason, reason::kQuoteNonce);
}

TEST_F(QuoteSignature, IsForItsOwnNonce) {  // Q7: not the one of the certification
  EXPECT_EQ(With(Quote(esys(), node_.ak(), exchange_.binding.certify_nonce, Asked())).reason, reason::kQuoteNonce);
}

// A verifier without the rule about restricted keys would take anything from such a key: Q6, and why ak_rules.h is.
TEST(QuoteOfAnUnrestrictedKey, SaysWhatTheAttackerLikes) {
  const testing::Esys esys(Lab::Shared().tpm);
  TPM2B_PUBLIC unrestricted = testing::AkTemplate();
  unrestricted.publicArea.objectAttributes &= ~TPMA_OBJECT_RESTRICTED;
  ASSERT_OK_AND_ASSIGN(const auto key, CreatePrimary(esys, ESYS_TR_RH_ENDORSEMENT, unrestricted));
  EXPECT_THAT(CheckAk(key.encoded), HasReason(reason::kAkNotRestricted));

  // The same key, as if the rule were not there.
  PublicArea area = *ParsePublicArea(key.encoded);
  area.attributes |= kRestricted;
  ASSERT_OK_AND_ASSIGN(const AttestationKey ak, CheckAk(Encode(area)));
  const Bytes nonce(32, 1);
  const PcrSelection pcrs = SelectPcrs(Algorithm::kSha256, {7});
  ASSERT_OK_AND_ASSIGN(const Attested real, Quote(esys, key, nonce, {{TPM2_ALG_SHA256, {7}}}));
  Attest attest = *ParseAttest(real.attest);
  const Bytes value(32, 0xaa);  // PCR 7 is zero
  std::get<QuoteInfo>(attest.info).pcr_digest = *TpmHash(Algorithm::kSha256, value);
  const auto check = [&](const Bytes& octets) {
    const Result<Attested> forged = SignAnything(esys, key, octets);
    EXPECT_THAT(forged, IsOk());
    return CheckQuote(ak,
                      {.quote_attest = forged->attest,
                       .quote_signature = forged->signature,
                       .pcr_values = {{.index = 7, .digest = value}}},
                      {.nonce = nonce, .qualified_signer = attest.qualified_signer, .pcrs = pcrs});
  };
  EXPECT_THAT(check(Encode(attest)), IsOk());
  Bytes longer = Encode(attest);
  longer.push_back(0);
  EXPECT_THAT(check(longer), HasReason(reason::kQuoteStructure));
  EXPECT_THAT(check(Bytes(longer.begin(), longer.end() - 2)), HasReason(reason::kQuoteStructure));
}

TEST(QuoteSignatureOfAnRsaKey, IsUnderTheSchemeOfTheKey) {  // Q1: the same octets under another name
  const AttestNode node(Lab::Shared().tpm, {.ak = testing::RsaAkTemplate()});
  Exchange exchange = testing::Start(node);
  AttestEvidence evidence = node.Answer(exchange.init, exchange.challenge);
  Signature signature = *ParseSignature(evidence.quote_signature);
  signature.scheme = Algorithm::kRsaPss;
  evidence.quote_signature = Encode(signature);
  EXPECT_EQ(exchange.Verify(evidence).reason, reason::kQuoteScheme);
}

TEST(QuoteSigner, IsInTheEndorsementHierarchy) {  // Q8: elsewhere the TPM blurs its counters and firmware version
  const AttestNode node(Lab::Shared().tpm, {.ak_hierarchy = ESYS_TR_RH_OWNER});
  Exchange exchange = testing::Start(node);
  const Verdict verdict = exchange.Verify(node.Answer(exchange.init, exchange.challenge));
  EXPECT_TRUE(verdict.activated);
  EXPECT_EQ(verdict.reason, reason::kQuoteSigner);
}

TEST(QuoteSigner, IsUnderTheEkWhenItSaysSo) {  // Q8
  const AttestNode node(Lab::Shared().tpm);
  AttestInit init = node.Init();
  init.ak_placement = AkPlacement::kEkChild;
  ASSERT_OK_AND_ASSIGN(Attempt attempt,
                       Attempt::Begin(init, testing::TrustOf(Lab::Shared().manufacturer), testing::Now()));
  ASSERT_OK_AND_ASSIGN(const AttestChallenge challenge, attempt.Challenge(testing::Options()));
  EXPECT_EQ(attempt.Verify(node.Answer(init, challenge), testing::Policy(), std::nullopt, testing::Now()).reason,
            reason::kQuoteSigner);
}

}  // namespace
}  // namespace rootkeep::attestation
