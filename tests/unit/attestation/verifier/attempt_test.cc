#include "attestation/verifier/attempt.h"

#include <algorithm>

#include "attestation/verifier/reasons.h"
#include "tests/support/matchers.h"
#include "tests/unit/attestation/verifier/lab.h"

namespace rootkeep::attestation {
namespace {

using testing::AttestNode;
using testing::EkKind;
using testing::Exchange;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::Lab;

Result<Attempt> Begin(const AttestInit& init) {
  return Attempt::Begin(init, testing::TrustOf(Lab::Shared().manufacturer), testing::Now());
}

TEST(Attempt, PassesAnHonestNodeWithEveryKindOfEk) {
  for (const EkKind kind : {EkKind::kL1, EkKind::kL2, EkKind::kH3}) {
    const AttestNode node(Lab::Shared().tpm, {.ek = kind});
    Exchange exchange = testing::Start(node);
    const Verdict verdict = exchange.Verify(node.Answer(exchange.init, exchange.challenge));
    EXPECT_TRUE(verdict.passed) << verdict.reason << ": " << verdict.explanation;
    EXPECT_TRUE(verdict.activated);
    EXPECT_TRUE(verdict.quoted);
    EXPECT_FALSE(verdict.learned);
    EXPECT_EQ(verdict.reason, "");
    EXPECT_EQ(verdict.generation, "bare");
    EXPECT_EQ(verdict.pcrs, (std::vector<PcrValue>{{0, Bytes(32)}, {7, Bytes(32)}}));
    EXPECT_EQ(exchange.attempt.ak_name(), node.ak().name);
    EXPECT_EQ(exchange.attempt.csr(), exchange.init.csr);
    // The L-2 EK was made by nobody who gives certificates.
    EXPECT_EQ(exchange.attempt.ek().chained, kind != EkKind::kL2);
    EXPECT_EQ(exchange.attempt.ek().unchained_reason, kind == EkKind::kL2 ? reason::kEkCertificateMissing : "");
    EXPECT_EQ(exchange.attempt.ek().names.model, kind == EkKind::kL2 ? "" : "swtpm");
  }
}

TEST(Attempt, PassesOtherAttestationKeysAndPlaces) {
  for (const testing::NodeShape& shape : {testing::NodeShape{.ek = EkKind::kH3, .ak = testing::RsaAkTemplate()},
                                          testing::NodeShape{.ek = EkKind::kL1, .placement = AkPlacement::kEkChild}}) {
    const AttestNode node(Lab::Shared().tpm, shape);
    Exchange exchange = testing::Start(node);
    const Verdict verdict = exchange.Verify(node.Answer(exchange.init, exchange.challenge));
    EXPECT_TRUE(verdict.passed) << verdict.reason << ": " << verdict.explanation;
  }
}

TEST(Attempt, RefusesAnotherProtocolVersion) {
  AttestInit init = AttestNode(Lab::Shared().tpm).Init();
  EXPECT_THAT(Begin(init), IsOk());
  init.protocol_version = 2;
  EXPECT_THAT(Begin(init), HasReason(reason::kProtocolVersion));
}

TEST(Attempt, RefusesARequestForAnotherKey) {  // C9: of a key in another TPM, or anywhere
  const testing::SwTpm second(Lab::Shared().manufacturer, "node-2");
  AttestInit init = AttestNode(Lab::Shared().tpm).Init();
  init.csr = AttestNode(second).Csr();
  EXPECT_THAT(Begin(init), HasReason(reason::kCsrKey));
}

TEST(Attempt, RefusesAPlaceOfTheAkThatItDoesNotKnow) {
  AttestInit init = AttestNode(Lab::Shared().tpm).Init();
  for (const int place : {0, 3}) {
    init.ak_placement = static_cast<AkPlacement>(place);
    EXPECT_THAT(Begin(init), HasReason(reason::kAkPlacement));
  }
}

TEST(Attempt, RefusesMessagesOfWrongSizes) {
  AttestInit init = AttestNode(Lab::Shared().tpm).Init();
  init.agent_nonce.resize(kMinAgentNonce - 1);
  EXPECT_THAT(Begin(init), HasReason(kReasonMessageSize));

  const AttestNode node(Lab::Shared().tpm);
  Exchange exchange = testing::Start(node);
  AttestEvidence evidence = node.Answer(exchange.init, exchange.challenge);
  evidence.boot_log.resize(kMaxBootLogSize + 1);
  EXPECT_EQ(exchange.Verify(evidence).reason, kReasonMessageSize);
}

TEST(Attempt, MakesNoTwoChallengesAlike) {
  const AttestNode node(Lab::Shared().tpm);
  const AttestInit init = node.Init();
  std::vector<AttestChallenge> challenges;
  std::vector<Bytes> secrets;
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(Attempt attempt, Begin(init));
    ASSERT_OK_AND_ASSIGN(AttestChallenge challenge, attempt.Challenge(testing::Options()));
    ASSERT_OK_AND_ASSIGN(Bytes secret, node.Activate(challenge));
    EXPECT_EQ(secret.size(), 32U);
    secrets.push_back(secret);
    challenges.push_back(challenge);
  }
  for (std::size_t i = 0; i < challenges.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_NE(challenges[i].session_id, challenges[j].session_id);
      EXPECT_NE(challenges[i].server_nonce, challenges[j].server_nonce);
      EXPECT_NE(challenges[i].id_object, challenges[j].id_object);
      EXPECT_NE(challenges[i].encrypted_secret, challenges[j].encrypted_secret);
      EXPECT_NE(secrets[i], secrets[j]);
    }
  }
}

TEST(Attempt, HasOneChallengeAndOneVerdict) {
  const AttestNode node(Lab::Shared().tpm);
  Exchange exchange = testing::Start(node);
  EXPECT_THAT(exchange.attempt.Challenge(testing::Options()), HasCode(Code::kFailedPrecondition));
  const AttestEvidence evidence = node.Answer(exchange.init, exchange.challenge);
  EXPECT_TRUE(exchange.Verify(evidence).passed);
  const Verdict again = exchange.Verify(evidence);
  EXPECT_FALSE(again.passed);
  EXPECT_FALSE(again.activated);
  EXPECT_EQ(again.reason, reason::kAttemptUsed);
}

TEST(Attempt, IsUsedUpByAFailureToo) {
  const AttestNode node(Lab::Shared().tpm);
  Exchange exchange = testing::Start(node);
  const AttestEvidence evidence = node.Answer(exchange.init, exchange.challenge);
  AttestEvidence other = evidence;
  other.activation_proof[0] ^= 1;
  EXPECT_EQ(exchange.Verify(other).reason, reason::kActivationProof);
  EXPECT_EQ(exchange.Verify(evidence).reason, reason::kAttemptUsed);
}

TEST(Attempt, GivesNoVerdictBeforeAChallenge) {
  const AttestNode node(Lab::Shared().tpm);
  ASSERT_OK_AND_ASSIGN(Attempt attempt, Begin(node.Init()));
  AttestEvidence evidence;
  evidence.activation_proof.resize(kActivationProofSize);
  EXPECT_EQ(attempt.Verify(evidence, testing::Policy(), std::nullopt, testing::Now()).reason, reason::kAttemptUsed);
}

TEST(Attempt, TakesNoAnswerAfterTheDeadline) {
  const AttestNode node(Lab::Shared().tpm);
  for (const auto& [late, passes] : {std::pair{std::chrono::seconds(60), true}, {std::chrono::seconds(61), false}}) {
    Exchange exchange = testing::Start(node);
    const Verdict verdict = exchange.attempt.Verify(node.Answer(exchange.init, exchange.challenge), testing::Policy(),
                                                    std::nullopt, testing::Now() + late);
    EXPECT_EQ(verdict.passed, passes);
    EXPECT_EQ(verdict.reason, passes ? "" : reason::kChallengeExpired);
  }
}

TEST(Attempt, AsksForPcrsThatCanBeQuoted) {
  const AttestNode node(Lab::Shared().tpm);
  const auto challenge = [&](const PcrSelection& pcrs, std::size_t identity) {
    ChallengeOptions options = testing::Options();
    options.pcrs = pcrs;
    options.server_identity.resize(identity);
    return Begin(node.Init())->Challenge(options);
  };
  EXPECT_THAT(challenge(SelectPcrs(Algorithm::kSha256, {0}), 32), IsOk());
  EXPECT_THAT(challenge(SelectPcrs(Algorithm::kSha256, {0}), 31), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(challenge(SelectPcrs(Algorithm::kSha256, std::vector<std::uint8_t>()), 32),
              HasCode(Code::kInvalidArgument));
  EXPECT_THAT(challenge(SelectPcrs(Algorithm::kSha1, {0}), 32), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(challenge(SelectPcrs(Algorithm::kSha384, {0}), 32), HasReason(reason::kPcrBank));
}

// What has its own tests is asked.
TEST(Attempt, AsksPolicyAboutFirmwareAndTheUseOfTheNodeKey) {
  AttestationPolicy policy = testing::Policy();
  policy.firmware = {{.manufacturer = testing::TpmManufacturer::kManufacturer, .version = ~0ULL}};
  {
    const AttestNode node(Lab::Shared().tpm);
    Exchange exchange = testing::Start(node);
    EXPECT_EQ(exchange.Verify(node.Answer(exchange.init, exchange.challenge), policy).reason, reason::kFirmwareOld);
  }
  {
    const AttestNode unvouched(Lab::Shared().tpm, {.ek = EkKind::kL2});
    Exchange exchange = testing::Start(unvouched);
    EXPECT_EQ(exchange.Verify(unvouched.Answer(exchange.init, exchange.challenge), policy).reason,
              reason::kFirmwareUnlisted);
  }
  // The key may be used by its auth value and by a policy, which nobody listed.
  TPM2B_PUBLIC guarded = testing::NodeKeyTemplate();
  guarded.publicArea.authPolicy.size = 32;
  const AttestNode node(Lab::Shared().tpm, {.node_key = guarded});
  for (const bool listed : {false, true}) {
    policy = testing::Policy();
    if (listed) policy.node_key.auth_policies = {Bytes(32)};
    Exchange exchange = testing::Start(node);
    EXPECT_EQ(exchange.Verify(node.Answer(exchange.init, exchange.challenge), policy).reason,
              listed ? "" : reason::kNodeKeyAuth);
  }
}

TEST(Attempt, LearnsWithoutEverPassing) {
  const AttestNode node(Lab::Shared().tpm);
  AttestationPolicy policy = testing::Policy();
  policy.pcrs.learn = true;
  Exchange exchange = testing::Start(node);
  const Verdict verdict = exchange.Verify(node.Answer(exchange.init, exchange.challenge), policy);
  EXPECT_FALSE(verdict.passed);
  EXPECT_TRUE(verdict.learned);
  EXPECT_EQ(verdict.reason, reason::kPcrLearning);
  EXPECT_EQ(verdict.pcrs.size(), 2U);
}

TEST(Verdict, IsAFailureUntilSomethingElseIsShown) {
  const Verdict verdict;
  EXPECT_FALSE(verdict.passed);
  EXPECT_FALSE(verdict.activated);
  EXPECT_EQ(verdict.consequence, Consequence::kFailed);
}

}  // namespace
}  // namespace rootkeep::attestation
