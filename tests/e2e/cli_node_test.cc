#include <nlohmann/json.hpp>

#include "attestation/verifier/boot_log_replay.h"
#include "signer/ledger/open_ledger.h"
#include "signer/node/node_store.h"
#include "signer/store/state_dir.h"
#include "tests/support/boot_log.h"
#include "tests/support/matchers.h"
#include "tests/support/program.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kEk(64, 'a');
const std::string kOtherEk(64, 'b');
const std::string kHeldEk(64, 'c');

class CliNodeTest : public ::testing::Test {
 protected:
  // The daemon's side keeps the database open: w1 is attested with two certificates, w2 held, w3 failed.
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(const store::StateDir directory, store::StateDir::Prepare(state_));
    ASSERT_OK_AND_ASSIGN(ledger_, OpenLedger({.path = directory.database_path()}));
    ASSERT_OK_AND_ASSIGN(nodes_, NodeStore::Open(directory.database_path()));
    const Node w1{.id = "w1",
                  .group = "edge",
                  .state = NodeState::kApproved,
                  .ek_sha256 = kEk,
                  .ek_origin = "inventory",
                  .enrolled_at = now_};
    ASSERT_THAT(nodes_->Insert(w1, now_), IsOk());
    Certify("r-old", "01", now_ - 1);
    Certify("r-new", "02", now_ + 3600);
    const Node w2{.id = "w2", .state = NodeState::kHeld, .reason = "enrolment", .ek_sha256 = kHeldEk};
    ASSERT_THAT(nodes_->Insert(w2, now_), IsOk());
    ASSERT_THAT(nodes_->Insert({.id = "w3",
                                .state = NodeState::kFailed,
                                .reason = "pcr_value",
                                .explanation = "PCR 7 differs: secure boot was on at enrolment, now off",
                                .enrolled_at = now_},
                               now_),
                IsOk());
  }

  // Has w1 attest itself, and a certificate issued for it.
  void Certify(const std::string& request, const std::string& serial, std::int64_t not_after) {
    NodeCertificate certificate{.node = "w1", .request_id = request, .asked_at = now_, .not_after = not_after};
    const NodePass pass{.evidence = {.at = now_, .pcrs = "sha256:0=00"}, .ak_name = {1}, .until = now_ + 3600};
    ASSERT_THAT(nodes_->Update("w1", [&](Node node) { return Attested(std::move(node), pass); }, "service", now_,
                               {.certificate = &certificate, .boot_log = nullptr}),
                IsOk());
    ASSERT_THAT(nodes_->Complete(certificate.id, serial, not_after), IsOk());
  }

  ProgramResult Run(std::vector<std::string> words) const {
    words.insert(words.begin(), {ROOTKEEP_BINARY, "node"});
    words.insert(words.end(), {"--state", state_});
    return RunProgram(words);
  }
  json RunJson(std::vector<std::string> words) const {
    words.emplace_back("--json");
    const ProgramResult result = Run(words);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return json::parse(result.out, nullptr, false);
  }
  NodeState StateOf(const std::string& id) { return nodes_->Find(id).value().value().state; }

  const std::int64_t now_ = ToUnixSeconds(SystemClock().Now());
  TempDir dir_;
  std::string state_ = dir_ / "state";
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<NodeStore> nodes_;
};

TEST_F(CliNodeTest, ListsHowNodesStand) {
  const ProgramResult words = Run({"list"});
  EXPECT_EQ(words.exit_code, 0) << words.err;
  EXPECT_THAT(words.out, AllOf(HasSubstr("w1"), HasSubstr("attested"), HasSubstr("held"),
                               HasSubstr("PCR 7 differs: secure boot was on at enrolment, now off")));
  const json list = RunJson({"list"});
  ASSERT_EQ(list["nodes"].size(), 3U);
  EXPECT_EQ(list["nodes"][0]["standing"], "attested");
  EXPECT_EQ(list["nodes"][2]["reason"], "pcr_value");
  EXPECT_EQ(list["binding_requests"].size(), 0U);
}

TEST_F(CliNodeTest, ListsOnlyThoseThatStandSo) {
  const json failed = RunJson({"list", "--only", "failed"});
  ASSERT_EQ(failed["nodes"].size(), 1U);
  EXPECT_EQ(failed["nodes"][0]["node"], "w3");
}

TEST_F(CliNodeTest, ShowsOneNodeWithItsCertificatesAndHistory) {
  const json shown = RunJson({"show", "w1"});
  EXPECT_EQ(shown["ek_sha256"], kEk);
  EXPECT_EQ(shown["pcrs"], "sha256:0=00");
  ASSERT_EQ(shown["certificates"].size(), 2U);
  EXPECT_EQ(shown["certificates"][0]["serial"], "02");
  EXPECT_EQ(shown["history"][0]["state"], "attested");
  EXPECT_THAT(Run({"show", "w1"}).out, AllOf(HasSubstr("serial 02"), HasSubstr("by service")));
  const ProgramResult none = Run({"show", "w9"});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.err, HasSubstr("there is no node w9"));
}

TEST_F(CliNodeTest, ShowsEachLineOfAnExplanationAndListsTheFirst) {
  const Node node{
      .id = "w4", .state = NodeState::kFailed, .reason = "pcr_mismatch", .explanation = "PCR 7 differs\nPCR 7 event 1"};
  ASSERT_THAT(nodes_->Insert(node, now_), IsOk());
  EXPECT_THAT(Run({"show", "w4"}).out, HasSubstr("explanation     PCR 7 differs\n                PCR 7 event 1\n"));
  EXPECT_THAT(Run({"list"}).out, AllOf(HasSubstr("PCR 7 differs\n"), Not(HasSubstr("event 1"))));
}

TEST_F(CliNodeTest, DenyingNamesTheCertificatesThatAreStillGood) {
  const ProgramResult denied = Run({"deny", "w1", "--why", "stolen"});
  EXPECT_EQ(denied.exit_code, 0) << denied.err;
  EXPECT_THAT(denied.out, AllOf(HasSubstr("serial 02"), Not(HasSubstr("serial 01"))));
  EXPECT_EQ(StateOf("w1"), NodeState::kDenied);
  EXPECT_EQ(nodes_->Find("w1").value()->explanation, "stolen");
  EXPECT_EQ(Run({"deny", "w1"}).exit_code, 1) << "it is denied already";
}

TEST_F(CliNodeTest, DenyingAsJson) {
  const json denied = RunJson({"deny", "w1"});
  ASSERT_EQ(denied["certificates"].size(), 1U);
  EXPECT_EQ(denied["certificates"][0]["request_id"], "r-new");
}

TEST_F(CliNodeTest, ApprovingLetsANodeProveItself) {
  EXPECT_EQ(Run({"approve", "w3"}).exit_code, 0);
  EXPECT_EQ(StateOf("w3"), NodeState::kApproved);
  const ProgramResult needless = Run({"approve", "w1"});
  EXPECT_EQ(needless.exit_code, 1);
  EXPECT_THAT(needless.err, HasSubstr("node w1 is attested"));
}

// Whoever comes first by an id is nobody yet.
TEST_F(CliNodeTest, WhoWasNeverApprovedIsApprovedByItsEk) {
  const ProgramResult unnamed = Run({"approve", "w2"});
  EXPECT_EQ(unnamed.exit_code, 1);
  EXPECT_THAT(unnamed.err, AllOf(HasSubstr("nobody has approved the TPM of node w2"), HasSubstr("--ek")));
  EXPECT_EQ(Run({"approve", "w2", "--ek", kOtherEk}).exit_code, 1) << "which does not wait there";
  EXPECT_EQ(Run({"approve", "w2", "--ek", "abc"}).exit_code, 1);
  EXPECT_EQ(StateOf("w2"), NodeState::kHeld);
  EXPECT_EQ(Run({"approve", "w2", "--ek", kHeldEk}).exit_code, 0);
  EXPECT_EQ(StateOf("w2"), NodeState::kApproved);
}

TEST_F(CliNodeTest, AnotherTpmIsApprovedOrDeniedByItsEk) {
  const BindingRequest request{
      .ek_sha256 = kOtherEk, .node = "w1", .peer = "ipv4:10.0.0.7", .asked_at = now_, .seen_at = now_};
  ASSERT_THAT(nodes_->RequestBinding(request), IsOk());
  EXPECT_THAT(Run({"list"}).out, AllOf(HasSubstr(kOtherEk + " (no manufacturer vouches)"), HasSubstr("to be node w1")));
  EXPECT_EQ(RunJson({"show", "w1"})["binding_requests"][0]["ek_certificate"], "none that chains");
  EXPECT_EQ(Run({"deny", "w2", "--ek", kOtherEk}).exit_code, 1) << "it asks for another node";
  EXPECT_EQ(Run({"deny", "w1", "--ek", kOtherEk}).exit_code, 0);
  EXPECT_EQ(StateOf("w1"), NodeState::kAttested);
  EXPECT_EQ(Run({"approve", "w1", "--ek", kOtherEk}).exit_code, 1) << "it was denied";
  ASSERT_THAT(nodes_->RequestBinding(request), IsOk());
  EXPECT_EQ(Run({"approve", "w1", "--ek", kOtherEk}).exit_code, 0);
  EXPECT_EQ(nodes_->Find("w1").value()->ek_sha256, kOtherEk);
  EXPECT_EQ(StateOf("w1"), NodeState::kApproved);
}

TEST_F(CliNodeTest, WhereAnotherTpmWaitsTheIdAloneApprovesNone) {
  ASSERT_THAT(nodes_->RequestBinding({.ek_sha256 = kOtherEk, .node = "w3", .tpm = "chip 1 2"}), IsOk());
  const ProgramResult unnamed = Run({"approve", "w3"});
  EXPECT_EQ(unnamed.exit_code, 1);
  EXPECT_THAT(unnamed.err, HasSubstr("more than one TPM wants to be node w3"));
  EXPECT_EQ(StateOf("w3"), NodeState::kFailed);
  EXPECT_THAT(Run({"show", "w3"}).out, HasSubstr(kOtherEk + " (chip 1 2)"));
}

TEST_F(CliNodeTest, ManyAreApprovedThatWaitForOneReason) {
  const auto insert = [&](const Node& node) { ASSERT_THAT(nodes_->Insert(node, now_), IsOk()); };
  const Node failed{.group = "edge", .state = NodeState::kFailed, .reason = "pcr_mismatch", .enrolled_at = now_};
  for (const char* id : {"e1", "e2", "rival"}) {
    Node node = failed;
    node.id = id;
    insert(node);
  }
  Node other = failed;
  other.id = "core";
  other.group = "core";
  insert(other);
  insert(
      {.id = "cleared", .group = "edge", .state = NodeState::kReenrol, .reason = "pcr_mismatch", .enrolled_at = now_});
  insert({.id = "new", .group = "edge", .state = NodeState::kHeld, .reason = "pcr_mismatch"});
  ASSERT_THAT(nodes_->RequestBinding({.ek_sha256 = kOtherEk, .node = "rival"}), IsOk());

  const ProgramResult approved = Run({"approve-all", "--reason", "pcr_mismatch", "--group", "edge"});
  EXPECT_EQ(approved.exit_code, 1);
  EXPECT_THAT(approved.out, HasSubstr("node rival is left out"));
  EXPECT_THAT(approved.err, HasSubstr("1 nodes were left out"));
  for (const char* id : {"e1", "e2"}) EXPECT_EQ(StateOf(id), NodeState::kApproved);
  EXPECT_EQ(StateOf("rival"), NodeState::kFailed);
  EXPECT_EQ(StateOf("core"), NodeState::kFailed) << "of another group";
  EXPECT_EQ(StateOf("w3"), NodeState::kFailed) << "for another reason";
  EXPECT_EQ(StateOf("cleared"), NodeState::kReenrol);
  EXPECT_EQ(StateOf("new"), NodeState::kHeld) << "nobody has approved its TPM";
  EXPECT_EQ(Run({"approve-all", "--reason", "pcr_mismatch"}).exit_code, 1);
  EXPECT_EQ(StateOf("core"), NodeState::kApproved);
  EXPECT_EQ(Run({"approve-all"}).exit_code, 2);
}

TEST_F(CliNodeTest, RemovingForgetsANode) {
  EXPECT_EQ(Run({"remove", "w2"}).exit_code, 0);
  EXPECT_FALSE(nodes_->Find("w2").value());
  EXPECT_EQ(Run({"remove", "w2"}).exit_code, 1);
}

class CliNodePolicyTest : public CliNodeTest {
 protected:
  std::string File(const std::string& name, const std::string& content) const {
    EXPECT_THAT(WriteFileAtomically(dir_ / name, content, 0600), IsOk());
    return dir_ / name;
  }
  ProgramResult Test(const std::vector<std::string>& words) const {
    return TestBy("7", "values: [" + kGood + "]", words);
  }
  // With what the group judges by.
  ProgramResult TestBy(const std::string& pcr, const std::string& allowed, std::vector<std::string> words) const {
    const std::string config = File("rootkeepd.yaml", "version: 1\nstate_directory: " + state_ +
                                                          "\nkey_sockets: [{name: agent, path: /run/keys}]\n"
                                                          "trust_domains: [{name: cluster.local}]\n"
                                                          "authorities: [{name: mesh}]\n"
                                                          "attestation:\n  groups:\n"
                                                          "    - name: edge\n      pcrs: [" +
                                                          pcr +
                                                          "]\n      generations:\n"
                                                          "        - {name: now, pcrs: [{pcr: " +
                                                          pcr + ", " + allowed + "}]}\n");
    words.insert(words.begin(), {ROOTKEEP_BINARY, "node", "policy", "test", "--config", config});
    return RunProgram(words);
  }

  const std::string kGood = std::string(64, '7');
  const std::string kBad = std::string(64, '8');
};

TEST_F(CliNodePolicyTest, JudgesTheLastEvidenceOfANode) {
  const auto evidence = [&](const std::string& pcr7) {
    return nodes_->Update(
        "w1",
        [&](Node node) -> Result<Node> {
          node.evidence.pcrs = "sha256:7=" + pcr7;
          return node;
        },
        "service", now_);
  };
  ASSERT_THAT(evidence(kGood), IsOk());
  const ProgramResult accepted = Test({"w1"});
  EXPECT_EQ(accepted.exit_code, 0) << accepted.err;
  EXPECT_THAT(accepted.out, HasSubstr("accepts these PCRs as generation now"));
  ASSERT_THAT(evidence(kBad), IsOk());
  const ProgramResult refused = Test({"w1"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.out, HasSubstr("PCR 7 is " + kBad));
  EXPECT_THAT(refused.err, HasSubstr("pcr_mismatch"));
}

TEST_F(CliNodePolicyTest, JudgesValuesInAFile) {
  const json judged = json::parse(Test({File("pcrs", "sha256:7=" + kGood + "\n"), "--json"}).out, nullptr, false);
  EXPECT_EQ(judged["accepted"], true);
  EXPECT_EQ(judged["generation"], "now");
  const std::string shown = File("node.json", R"({"group": "edge", "pcrs": "sha256:7=)" + kBad + "\"}");
  const ProgramResult refused = Test({shown, "--json"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_EQ(json::parse(refused.out, nullptr, false)["reason"], "pcr_mismatch");
}

TEST_F(CliNodePolicyTest, ExplainsEachEventOfABootLog) {
  const auto digest = [](std::string_view measured) {
    return ToHex(attestation::TpmHash(attestation::Algorithm::kSha256, AsBytes(measured)).value());
  };
  attestation::BootLog log = HonestBootLog(true);
  const auto evidence = [&] {
    const auto values = attestation::ReplayBootLog(log, attestation::Algorithm::kSha256).value();
    return File("pcrs", "sha256:4=" + ToHex(values[4]));
  };
  const std::string rules = "events: [{type: EV_EFI_BOOT_SERVICES_APPLICATION, digests: [" + digest("shim") + "]}]";
  const std::string shim = File("shim.log", std::string(AsText(Encode(log))));
  const ProgramResult accepted = TestBy("4", rules, {evidence(), "--boot-log", shim});
  EXPECT_EQ(accepted.exit_code, 0) << accepted.err;
  EXPECT_THAT(accepted.out,
              AllOf(HasSubstr("accepts these PCRs as generation now"),
                    HasSubstr("PCR 4 event 2: EV_EFI_BOOT_SERVICES_APPLICATION, " + digest("shim") + ": allowed")));
  EXPECT_THAT(TestBy("4", rules, {evidence()}).err, HasSubstr("boot_log_missing"));

  Measure(log, 4, attestation::EventType::kBootServicesApplication, Bytes(32), AsBytes("bootkit"));
  const std::string bootkit = File("bootkit.log", std::string(AsText(Encode(log))));
  const ProgramResult refused = TestBy("4", rules, {evidence(), "--boot-log", bootkit, "--json"});
  EXPECT_EQ(refused.exit_code, 1);
  const json judged = json::parse(refused.out, nullptr, false);
  EXPECT_EQ(judged["reason"], "boot_event_not_allowed");
  ASSERT_EQ(judged["events"].size(), 3U);
  EXPECT_EQ(judged["events"][2],
            "PCR 4 event 3: EV_EFI_BOOT_SERVICES_APPLICATION, " + digest("bootkit") + ": not allowed");
  const ProgramResult left_out = TestBy("4", rules, {evidence(), "--boot-log", shim});
  EXPECT_EQ(left_out.exit_code, 1);
  EXPECT_THAT(left_out.out, HasSubstr("the boot log proves nothing: the boot log gives PCR 4 the value"));
}

// Its boot log was not kept, so what rootkeepd said to it is all there is.
TEST_F(CliNodePolicyTest, SaysOfARefusedNodeWhatRootkeepdSaidToItsBootLog) {
  const NodeFailure failure{"boot_event_not_allowed", "PCR 4 event 3: a bootkit: not allowed\nPCR 4 differs"};
  const auto fail = [&](Node node) {
    return Failed(std::move(node), {.at = now_, .pcrs = "sha256:4=" + kBad}, failure);
  };
  ASSERT_THAT(nodes_->Update("w1", fail, "service", now_), IsOk());
  const std::string rules = "events: [{type: EV_EFI_BOOT_SERVICES_APPLICATION, digests: [" + kGood + "]}]";
  const ProgramResult refused = TestBy("4", rules, {"w1"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.out, HasSubstr("the node is failed: boot_event_not_allowed\n"
                                     "PCR 4 event 3: a bootkit: not allowed\nPCR 4 differs\n"));
  EXPECT_THAT(refused.out, HasSubstr("give the one of these with --boot-log"));
  EXPECT_THAT(refused.err, HasSubstr("cannot judge these PCRs without their boot log"));
  const std::string shown = File("node.json", Run({"show", "w1", "--json"}).out);
  EXPECT_EQ(TestBy("4", rules, {shown}).out, refused.out);
}

TEST_F(CliNodePolicyTest, SaysWhatCannotBeJudged) {
  EXPECT_THAT(Test({"w9"}).err, HasSubstr("there is no node w9"));
  EXPECT_THAT(Test({File("x", "nonsense")}).err, HasSubstr("not PCR values"));
  EXPECT_THAT(Test({File("y", "sha256:0=" + kGood)}).err, HasSubstr("pcr_not_quoted"));
  EXPECT_THAT(Test({File("z", "sha256:7=" + kGood), "--group", "gone"}).err, HasSubstr("there is no group gone"));
}

TEST_F(CliNodeTest, MakesNoDatabaseWhereThereIsNone) {
  const std::string elsewhere = dir_ / "elsewhere";
  ASSERT_THAT(store::StateDir::Prepare(elsewhere), IsOk());
  EXPECT_EQ(RunProgram({ROOTKEEP_BINARY, "node", "approve", "w1", "--state", elsewhere}).exit_code, 1);
  EXPECT_THAT(ReadFile(elsewhere + "/rootkeep.db", 1), HasCode(Code::kNotFound));
}

}  // namespace
}  // namespace rootkeep::testing
