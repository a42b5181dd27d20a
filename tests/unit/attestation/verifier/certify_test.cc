// C1 to C6: the certification of the node key. What CheckSignedAttest asks of a quote as well is in
// quote_signature_test.cc with all its attacks; here, that it is asked.
#include "attestation/verifier/certify.h"

#include <gtest/gtest.h>

#include "attestation/verifier/qualified_name.h"
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

class Certification : public ::testing::Test {
 protected:
  // The reason of the verdict on the honest answer with another certification in it.
  std::string With(Result<Attested> certification) {
    EXPECT_THAT(certification, IsOk());
    if (!certification.ok()) return "";
    AttestEvidence evidence = honest_;
    evidence.certify_attest = std::move(certification->attest);
    evidence.certify_signature = std::move(certification->signature);
    return exchange_.Verify(evidence).reason;
  }

  [[nodiscard]] const testing::Esys& esys() const { return node_.esys(); }
  [[nodiscard]] ByteView Nonce() const { return exchange_.binding.certify_nonce; }
  [[nodiscard]] Result<Attested> Honest() const { return Certify(esys(), node_.ak(), node_.node_key(), Nonce()); }

  AttestNode node_{Lab::Shared().tpm};
  Exchange exchange_ = testing::Start(node_);
  AttestEvidence honest_ = node_.Answer(exchange_.init, exchange_.challenge);  // while there is a place for the EK
};

TEST_F(Certification, IsTakenFromAnHonestNode) { EXPECT_EQ(With(Honest()), ""); }

TEST_F(Certification, IsOverWhatTheTpmMade) {  // C1
  ASSERT_OK_AND_ASSIGN(const Attested honest, Honest());
  Attest forged = *ParseAttest(honest.attest);
  forged.magic = 0;
  EXPECT_EQ(With(SignHashed(esys(), node_.ak(), Encode(forged))), reason::kCertifyMagic);
}

TEST_F(Certification, IsNoQuote) {  // C2
  EXPECT_EQ(With(Quote(esys(), node_.ak(), Nonce(), testing::PcrsOf(exchange_.challenge))), reason::kCertifyType);
}

TEST_F(Certification, IsNotOfAnNvIndex) {  // C2: contents of the attacker's choice
  EXPECT_EQ(With(NvCertify(esys(), node_.ak(), Nonce(), node_.node_key().name)), reason::kCertifyType);
}

TEST_F(Certification, IsAWholeStructure) {  // C1, C2
  EXPECT_EQ(With(SignHashed(esys(), node_.ak(), AsBytes("x"))), reason::kCertifyStructure);
}

TEST_F(Certification, IsNotAnonymous) {  // C4
  TPM2B_PUBLIC anonymous = testing::NodeKeyTemplate();
  TPMT_ECC_SCHEME& scheme = anonymous.publicArea.parameters.eccDetail.scheme;
  scheme.scheme = TPM2_ALG_ECDAA;
  scheme.details.ecdaa.hashAlg = TPM2_ALG_SHA256;
  ASSERT_OK_AND_ASSIGN(const auto key, CreatePrimary(esys(), ESYS_TR_RH_ENDORSEMENT, anonymous));
  EXPECT_EQ(With(QuoteAnonymously(esys(), key, Nonce(), testing::PcrsOf(exchange_.challenge))),
            reason::kCertifyAnonymous);
}

TEST_F(Certification, IsByAKeyThatIsWhereItShouldBe) {  // C4: of the owner's hierarchy, which the quote shows as well
  ASSERT_OK_AND_ASSIGN(const auto key, CreatePrimary(esys(), ESYS_TR_RH_OWNER, testing::AkTemplate()));
  ASSERT_OK_AND_ASSIGN(const AttestationKey ak, CheckAk(key.encoded));
  ASSERT_OK_AND_ASSIGN(const Attested certification, Certify(esys(), key, node_.node_key(), Nonce()));
  ASSERT_OK_AND_ASSIGN(const Bytes owned, QualifiedNameOfPrimary(kOwnerHierarchy, ak.area.name_alg, ak.name));
  ASSERT_OK_AND_ASSIGN(const Bytes endorsed, QualifiedNameOfPrimary(kEndorsementHierarchy, ak.area.name_alg, ak.name));
  const auto check = [&](const Bytes& place) {
    return CheckCertify(
        ak, {.certify_attest = certification.attest, .certify_signature = certification.signature},
        {.nonce = Nonce(), .qualified_signer = place, .name = node_.node_key().name, .qualified_name = std::nullopt});
  };
  EXPECT_THAT(check(owned), IsOk());
  EXPECT_THAT(check(endorsed), testing::HasReason(reason::kCertifySigner));
}

TEST_F(Certification, IsForThisChallenge) {  // C3
  const Result<Attested> old = Honest();
  exchange_ = testing::Start(node_);
  honest_ = node_.Answer(exchange_.init, exchange_.challenge);
  EXPECT_EQ(With(old), reason::kCertifyNonce);
}

TEST_F(Certification, IsForItsOwnNonce) {  // C3
  EXPECT_EQ(With(Certify(esys(), node_.ak(), node_.node_key(), exchange_.binding.quote_nonce)), reason::kCertifyNonce);
}

TEST_F(Certification, IsForThisRequest) {  // C3: another request for the same key, put in place after the challenge
  const Bytes other = node_.Csr();
  ASSERT_NE(other, exchange_.init.csr);
  AttestInit init = exchange_.init;
  init.csr = other;
  const testing::AttestBinding binding = testing::BindingOf(init, exchange_.challenge, exchange_.binding.secret);
  EXPECT_EQ(With(Certify(esys(), node_.ak(), node_.node_key(), binding.certify_nonce)), reason::kCertifyNonce);
}

TEST_F(Certification, IsByTheActivatedKey) {  // C4
  TPM2B_PUBLIC other = testing::AkTemplate();
  other.publicArea.unique.ecc.x = {.size = 1, .buffer = {1}};
  ASSERT_OK_AND_ASSIGN(const auto key, CreatePrimary(esys(), ESYS_TR_RH_ENDORSEMENT, other));
  EXPECT_EQ(With(Certify(esys(), key, node_.node_key(), Nonce())), reason::kCertifySignature);
}

TEST_F(Certification, IsUnderTheSchemeOfTheKey) {  // C4
  ASSERT_OK_AND_ASSIGN(const auto rsa, CreatePrimary(esys(), ESYS_TR_RH_ENDORSEMENT, testing::RsaAkTemplate()));
  EXPECT_EQ(With(Certify(esys(), rsa, node_.node_key(), Nonce())), reason::kCertifyScheme);
}

TEST_F(Certification, IsOverTheOctetsThatCame) {  // C4
  ASSERT_OK_AND_ASSIGN(Attested honest, Honest());
  honest.attest.back() ^= 1;
  EXPECT_EQ(With(honest), reason::kCertifySignature);
}

TEST_F(Certification, IsOfTheNodeKey) {  // C5: a key that can leave the TPM, certified instead
  TPM2B_PUBLIC leaving = testing::NodeKeyTemplate();
  leaving.publicArea.objectAttributes &= ~(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT);
  ASSERT_OK_AND_ASSIGN(const auto key, CreatePrimary(esys(), ESYS_TR_RH_OWNER, leaving));
  EXPECT_EQ(With(Certify(esys(), node_.ak(), key, Nonce())), reason::kCertifyName);
}

// C6: the same public area below another parent than the node says.
TEST(CertifiedParent, IsTheOneThatTheNodeSays) {
  const AttestNode node(Lab::Shared().tpm);
  AttestInit init = node.Init();
  {
    TPM2B_PUBLIC other = testing::SrkTemplate();
    other.publicArea.unique.ecc.x.buffer[0] = 1;
    ASSERT_OK_AND_ASSIGN(const auto parent, CreatePrimary(node.esys(), ESYS_TR_RH_OWNER, other));
    init.node_key_parent = parent.encoded;
  }
  ASSERT_OK_AND_ASSIGN(Attempt attempt,
                       Attempt::Begin(init, testing::TrustOf(Lab::Shared().manufacturer), testing::Now()));
  ASSERT_OK_AND_ASSIGN(const AttestChallenge challenge, attempt.Challenge(testing::Options()));
  EXPECT_EQ(attempt.Verify(node.Answer(init, challenge), testing::Policy(), std::nullopt, testing::Now()).reason,
            reason::kCertifyQualifiedName);
}

TEST(CertifiedParent, IsAskedForByPolicyAlone) {
  const AttestNode node(Lab::Shared().tpm);
  AttestInit init = node.Init();
  init.node_key_parent.clear();
  for (const bool required : {false, true}) {
    ASSERT_OK_AND_ASSIGN(Attempt attempt,
                         Attempt::Begin(init, testing::TrustOf(Lab::Shared().manufacturer), testing::Now()));
    ASSERT_OK_AND_ASSIGN(const AttestChallenge challenge, attempt.Challenge(testing::Options()));
    AttestationPolicy policy = testing::Policy();
    policy.node_key.require_parent = required;
    const Verdict verdict = attempt.Verify(node.Answer(init, challenge), policy, std::nullopt, testing::Now());
    EXPECT_EQ(verdict.reason, required ? reason::kNodeKeyParent : "");
  }
}

// The first messages of two nodes mixed: neither TPM opens a credential for the other's keys.
TEST(Credential, IsForAnEkAndAnAkInOneTpm) {
  const testing::SwTpm second(Lab::Shared().manufacturer, "node-2");
  const AttestNode genuine(Lab::Shared().tpm);
  const AttestNode hostile(second);
  AttestInit init = hostile.Init();
  init.ek_public = genuine.Init().ek_public;
  init.ek_certificate = genuine.Init().ek_certificate;
  ASSERT_OK_AND_ASSIGN(Attempt attempt,
                       Attempt::Begin(init, testing::TrustOf(Lab::Shared().manufacturer), testing::Now()));
  EXPECT_TRUE(attempt.ek().chained);  // so far it looks as if the EK were the hostile node's
  ASSERT_OK_AND_ASSIGN(const AttestChallenge challenge, attempt.Challenge(testing::Options()));
  EXPECT_FALSE(genuine.Activate(challenge).ok());
  EXPECT_FALSE(hostile.Activate(challenge).ok());

  // And without the secret nothing that the hostile TPM signs is of use.
  const testing::AttestBinding guess = testing::BindingOf(init, challenge, Bytes(32));
  AttestEvidence evidence{.activation_proof = guess.proof};
  ASSERT_OK_AND_ASSIGN(const Attested quote,
                       Quote(hostile.esys(), hostile.ak(), guess.quote_nonce, testing::PcrsOf(challenge)));
  evidence.quote_attest = quote.attest;
  evidence.quote_signature = quote.signature;
  evidence.certify_attest = quote.attest;
  evidence.certify_signature = quote.signature;
  const Verdict verdict = attempt.Verify(evidence, testing::Policy(), std::nullopt, testing::Now());
  EXPECT_EQ(verdict.reason, reason::kActivationProof);
  EXPECT_FALSE(verdict.activated);
}

}  // namespace
}  // namespace rootkeep::attestation
