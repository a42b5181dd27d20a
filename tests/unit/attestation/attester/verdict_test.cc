// Attester and verifier, with a TPM simulator between them.
#include <thread>

#include "attestation/attester/attester.h"
#include "attestation/attester/store_key.h"
#include "attestation/verifier/attempt.h"
#include "keystore/tpm2/store.h"
#include "signer/der/pem.h"
#include "tests/support/matchers.h"
#include "tests/support/tpm_attest.h"
#include "tests/support/tpm_node_key.h"
#include "tests/unit/attestation/attester/nv_writer.h"
#include "tools/request/csr.h"

namespace rootkeep::testing {
namespace {

using attestation::Algorithm;
using attestation::Attempt;
using attestation::AttestChallenge;
using attestation::Attester;
using attestation::AttesterOptions;
using attestation::AttestEvidence;
using attestation::AttestInit;
using attestation::ClockInfo;
using attestation::EkTrust;
using attestation::LastSeen;
using attestation::SelectPcrs;
using attestation::Verdict;

// Not before the certificates, which tests make.
WallTime Now() { return std::chrono::system_clock::now(); }

Deadline Soon() { return After(std::chrono::seconds(60)); }

const TpmManufacturer& Manufacturer() {
  static const TpmManufacturer made;
  return made;
}

EkTrust Trust() {
  return *EkTrust::Create({.anchors = {{.certificate = Manufacturer().RootCertificate(),
                                        .manufacturers = {TpmManufacturer::kManufacturer}}},
                           .intermediates = {Manufacturer().IssuerCertificate()}});
}

// PCRs 0 and 7 as a simulator has them after it was switched on.
attestation::AttestationPolicy Policy() {
  return {
      .pcrs = {.bank = Algorithm::kSha256,
               .required = {0, 7},
               .generations = {{.name = "bare", .allowed = {{0, {Bytes(32)}}, {7, {Bytes(32)}}}, .composites = {}}}},
      .node_key = {.require_parent = true},
      .firmware = {}};
}

std::shared_ptr<tpm2::Tpm> Open(const SwTpm& tpm) { return *tpm2::Tpm::Open({.transport = {.tcti = tpm.tcti()}}); }

// A node and what the service knows about it.
class Node {
 public:
  explicit Node(SwTpm& simulator, const AttesterOptions& options = {})
      : simulator_(simulator), tpm_(Open(simulator)), key_(simulator), attester_(tpm_, options) {}

  // Up to the challenge.
  Result<Attempt> Begin() {
    RK_TRY(init_, attester_.Begin("node-1", key_, key_.Csr(simulator_), Soon()));
    RK_TRY(Attempt attempt, Attempt::Begin(init_, Trust(), Now()));
    RK_TRY(challenge_, attempt.Challenge({.pcrs = SelectPcrs(Algorithm::kSha256, {0, 7}),
                                          .deadline = Now() + std::chrono::minutes(2),
                                          .server_identity = server_,
                                          .want_boot_log = true}));
    return attempt;
  }
  Result<AttestEvidence> Answer() { return attester_.Answer(init_, challenge_, server_, key_, Soon()); }

  Verdict Attest(const std::optional<LastSeen>& last = std::nullopt) {
    auto attempt = Begin();
    if (!attempt.ok()) return {.reason = "begin", .explanation = attempt.error().ToString()};
    const auto evidence = Answer();
    if (!evidence.ok()) return {.reason = "answer", .explanation = evidence.error().ToString()};
    ek_ = attempt->ek();
    ak_name_ = attempt->ak_name();
    return attempt->Verify(*evidence, Policy(), last, Now());
  }

  [[nodiscard]] LastSeen SeenWith(const Verdict& verdict) const {
    return {.ak_name = ak_name_, .clock = verdict.clock};
  }
  [[nodiscard]] const attestation::EkIdentity& ek() const { return ek_; }

 private:
  SwTpm& simulator_;
  std::shared_ptr<tpm2::Tpm> tpm_;
  TpmNodeKey key_;
  Attester attester_;
  const Bytes server_ = Bytes(32, 9);
  AttestInit init_;
  AttestChallenge challenge_;
  attestation::EkIdentity ek_;
  Bytes ak_name_;
};

MATCHER(Passes, "passes") {
  *result_listener << arg.reason << ": " << arg.explanation;
  return arg.passed && arg.activated && arg.quoted;
}
MATCHER_P(FailsWith, reason, "fails with " + std::string(reason)) {
  *result_listener << arg.reason << ": " << arg.explanation;
  return !arg.passed && arg.reason == reason;
}

class VerdictTest : public ::testing::Test {
 protected:
  SwTpm simulator_{Manufacturer(), "node-1"};
};

TEST_F(VerdictTest, AnHonestNodePassesWithEitherCertifiedEk) {
  Bytes digests[2];
  for (int i = 0; i < 2; ++i) {
    Node node(simulator_, {.ek = i == 0 ? "L-1" : "H-3"});
    EXPECT_THAT(node.Attest(), Passes());
    EXPECT_TRUE(node.ek().chained) << node.ek().unchained_reason;
    EXPECT_EQ(node.ek().names.model, TpmManufacturer::kModel);
    digests[i] = node.ek().spki_digest;
  }
  EXPECT_NE(digests[0], digests[1]);
}

TEST_F(VerdictTest, AnEkWithoutCertificatePassesUnchained) {
  for (const char* ek : {"L-2", "H-1", "H-2", "H-4"}) {
    Node node(simulator_, {.ek = ek});
    EXPECT_THAT(node.Attest(), Passes()) << ek;
    EXPECT_FALSE(node.ek().chained) << ek;
  }
}

TEST_F(VerdictTest, AfterTheTpmWasClearedItIsTheSameEkAndTheServiceNotices) {
  for (const char* ek : {"L-1", "H-3"}) {
    Node before(simulator_, {.ek = ek});
    // Clearing sets counters to zero, so they must have been more.
    simulator_.Reboot();
    const Verdict first = before.Attest();
    ASSERT_THAT(first, Passes());
    ASSERT_THAT(ClearTpm(Esys(simulator_)), IsOk());
    // What was below the old storage key is lost.
    Node after(simulator_, {.ek = ek});
    EXPECT_THAT(after.Attest(before.SeenWith(first)), FailsWith(attestation::reason::kTpmCleared));
    EXPECT_EQ(after.ek().spki_digest, before.ek().spki_digest);
    EXPECT_TRUE(after.ek().chained) << after.ek().unchained_reason;
    EXPECT_THAT(after.Attest(), Passes());
  }
}

TEST_F(VerdictTest, ATpmThatRestartedPassesAgain) {
  Node node(simulator_);
  const Verdict first = node.Attest();
  ASSERT_THAT(first, Passes());
  const Verdict second = node.Attest(node.SeenWith(first));
  EXPECT_THAT(second, Passes());
  simulator_.Reboot();
  const Verdict third = node.Attest(node.SeenWith(second));
  EXPECT_THAT(third, Passes());
  EXPECT_GT(third.clock.reset_count, second.clock.reset_count);
  simulator_.CutPower();
  EXPECT_THAT(node.Attest(node.SeenWith(third)), Passes());
}

TEST_F(VerdictTest, ATpmThatRestartsBetweenTheMessagesPasses) {
  Node node(simulator_);
  ASSERT_OK_AND_ASSIGN(Attempt attempt, node.Begin());
  simulator_.Reboot();
  ASSERT_OK_AND_ASSIGN(const AttestEvidence evidence, node.Answer());
  EXPECT_THAT(attempt.Verify(evidence, Policy(), std::nullopt, Now()), Passes());
}

TEST_F(VerdictTest, AnotherStateIsRefused) {
  Node node(simulator_);
  ASSERT_THAT(ExtendPcr(Esys(simulator_), 7, Bytes(32, 1)), IsOk());
  const Verdict verdict = node.Attest();
  EXPECT_THAT(verdict, FailsWith(attestation::reason::kPcrMismatch));
  EXPECT_THAT(verdict.differing_pcrs, ::testing::ElementsAre(7));
}

TEST_F(VerdictTest, EvidenceOfAnotherTpmOrAnotherAttemptIsRefused) {
  SwTpm other_simulator(Manufacturer(), "node-2");
  Node node(simulator_);
  Node other(other_simulator);
  ASSERT_OK_AND_ASSIGN(Attempt attempt, node.Begin());
  ASSERT_OK_AND_ASSIGN(const Attempt other_attempt, other.Begin());
  ASSERT_OK_AND_ASSIGN(const AttestEvidence other_evidence, other.Answer());
  const Verdict foreign = attempt.Verify(other_evidence, Policy(), std::nullopt, Now());
  EXPECT_THAT(foreign, FailsWith(attestation::reason::kActivationProof));
  EXPECT_FALSE(foreign.activated);

  ASSERT_OK_AND_ASSIGN(const Attempt earlier, node.Begin());
  ASSERT_OK_AND_ASSIGN(AttestEvidence old, node.Answer());
  ASSERT_OK_AND_ASSIGN(Attempt later, node.Begin());
  ASSERT_OK_AND_ASSIGN(const AttestEvidence fresh, node.Answer());
  // All of it, or the quote alone.
  AttestEvidence mixed = fresh;
  mixed.quote_attest = old.quote_attest;
  mixed.quote_signature = old.quote_signature;
  EXPECT_THAT(later.Verify(mixed, Policy(), std::nullopt, Now()), FailsWith(attestation::reason::kQuoteNonce));
}

// Some makers leave no certificate in the TPM and publish it.
TEST_F(VerdictTest, AnEkCertificateFromAFileIsAsGoodAsOneInNv) {
  const TempDir directory;
  const std::string file = directory / "ek";
  Bytes certificate;
  {
    const Esys esys(simulator_);
    ASSERT_OK_AND_ASSIGN(certificate, ReadNv(esys, kEkCertificateL1));
    ASSERT_THAT(UndefineNv(esys, kEkCertificateL1), IsOk());
  }
  Node without(simulator_, {.ek = "L-1"});
  EXPECT_THAT(without.Attest(), Passes());
  EXPECT_FALSE(without.ek().chained);
  const std::string pem = der::ToPem(certificate, "CERTIFICATE");
  for (const std::string& content :
       {std::string(AsText(certificate)), pem, pem + der::ToPem(Manufacturer().IssuerCertificate(), "CERTIFICATE")}) {
    ASSERT_THAT(WriteFileAtomically(file, content, 0644), IsOk());
    Node node(simulator_, {.ek = "L-1", .ek_certificate_file = file});
    EXPECT_THAT(node.Attest(), Passes());
    EXPECT_TRUE(node.ek().chained) << node.ek().unchained_reason;
  }
  Node other(simulator_, {.ek = "L-2", .ek_certificate_file = file});
  EXPECT_THAT(other.Begin(), HasReason("ek_certificate")) << "it is not for this key";
  ASSERT_THAT(WriteFileAtomically(file, std::string(AsText(certificate)) + "x", 0644), IsOk());
  Node more(simulator_, {.ek = "L-1", .ek_certificate_file = file});
  EXPECT_THAT(more.Begin(), HasReason("ek_certificate"));
  ASSERT_THAT(WriteFileAtomically(file, pem, 0666), IsOk());
  EXPECT_THAT(more.Begin(), HasCode(Code::kFailedPrecondition)) << "others may write it";
}

TEST_F(VerdictTest, TheBootLogComesAlong) {
  const TempDir directory;
  ASSERT_THAT(WriteFileAtomically(directory / "log", "a log", 0600), IsOk());
  Node node(simulator_, {.boot_log_file = directory / "log"});
  ASSERT_OK_AND_ASSIGN(const Attempt attempt, node.Begin());
  ASSERT_OK_AND_ASSIGN(const AttestEvidence evidence, node.Answer());
  EXPECT_EQ(AsText(evidence.boot_log), "a log");
}

TEST_F(VerdictTest, AttemptsOfManyThreadsDoNotDisturbEachOther) {
  const auto tpm = Open(simulator_);
  const TpmNodeKey key(simulator_);
  const Bytes csr = key.Csr(simulator_);
  const Attester attester(tpm, {});
  const Bytes server(32, 9);
  const auto attest = [&] {
    for (int i = 0; i < 5; ++i) {
      ASSERT_OK_AND_ASSIGN(AttestInit init, attester.Begin("node-1", key, csr, Soon()));
      ASSERT_OK_AND_ASSIGN(Attempt attempt, Attempt::Begin(init, Trust(), Now()));
      ASSERT_OK_AND_ASSIGN(const AttestChallenge challenge,
                           attempt.Challenge({.pcrs = SelectPcrs(Algorithm::kSha256, {0, 7}),
                                              .deadline = Now() + std::chrono::minutes(2),
                                              .server_identity = server}));
      ASSERT_OK_AND_ASSIGN(const AttestEvidence evidence, attester.Answer(init, challenge, server, key, Soon()));
      EXPECT_THAT(attempt.Verify(evidence, Policy(), std::nullopt, Now()), Passes());
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(attest);
}

// A key of Rootkeep's own store, with its auth value, in either session mode.
TEST_F(VerdictTest, KeysOfTheStorePass) {
  const TempDir directory;
  const auto tpm = Open(simulator_);
  for (const tpm2::SessionMode mode : {tpm2::SessionMode::kPassword, tpm2::SessionMode::kSalted}) {
    const tpm2::StoreOptions options{.name = "tpm0", .directory = directory.path(), .session = mode};
    ASSERT_OK_AND_ASSIGN(const auto store, tpm2::OpenStore(tpm, options));
    const std::string name(SessionModeName(mode));
    ASSERT_OK_AND_ASSIGN(const KeyInfo made, store->Create({.use = KeyUse::kNode, .name = name}, Soon()));
    ASSERT_OK_AND_ASSIGN(const auto signer, store->Open(made.uri, Soon()));
    ASSERT_OK_AND_ASSIGN(const std::string pem, MakeLeafCsr(*signer, {}, Soon()));
    ASSERT_OK_AND_ASSIGN(Bytes csr, der::FirstPemBlock(pem));
    ASSERT_OK_AND_ASSIGN(const auto key, attestation::StoreKey::Open(std::make_shared<tpm2::KeyLoader>(tpm, options),
                                                                     made.label, Soon()));

    const Attester attester(tpm, {});
    const Bytes server(32, 9);
    ASSERT_OK_AND_ASSIGN(const AttestInit init, attester.Begin("node-1", *key, std::move(csr), Soon()));
    ASSERT_OK_AND_ASSIGN(Attempt attempt, Attempt::Begin(init, Trust(), Now()));
    ASSERT_OK_AND_ASSIGN(const AttestChallenge challenge,
                         attempt.Challenge({.pcrs = SelectPcrs(Algorithm::kSha256, {0, 7}),
                                            .deadline = Now() + std::chrono::minutes(2),
                                            .server_identity = server}));
    ASSERT_OK_AND_ASSIGN(const AttestEvidence evidence, attester.Answer(init, challenge, server, *key, Soon()));
    EXPECT_THAT(attempt.Verify(evidence, Policy(), std::nullopt, Now()), Passes()) << name;
    EXPECT_EQ(attempt.node_spki(), made.public_key.spki()) << name;
  }
}

}  // namespace
}  // namespace rootkeep::testing
