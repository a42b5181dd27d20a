#include "signer/node/node_store.h"

#include <fmt/format.h>

#include "signer/store/schema.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/signer/node/nodes.h"

namespace rootkeep {
namespace {

using testing::EkOf;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::kThen;
using testing::MakeEvidence;
using testing::MakeNode;
using testing::MakePass;

class NodeStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto database = store::Database::Open({.path = path_});
    ASSERT_THAT(database, IsOk());
    ASSERT_THAT(store::Migrate(**database, SystemClock()), IsOk());
    Reopen();
  }
  void Reopen() {
    nodes_.reset();
    ASSERT_OK_AND_ASSIGN(nodes_, NodeStore::Open(path_));
  }
  Node Get(std::string_view id) { return nodes_->Find(id).value().value(); }
  Result<Node> Attest(const std::string& id, std::int64_t at, NodeCertificate* certificate = nullptr) {
    return nodes_->Update(id, [&](Node node) { return Attested(std::move(node), MakePass(at)); }, "service", at,
                          {.certificate = certificate, .boot_log = nullptr});
  }
  static BindingRequest RequestOf(const std::string& node, char ek) {
    return {.ek_sha256 = EkOf(ek),
            .node = node,
            .tpm = "new chip",
            .peer = "ipv4:10.0.0.1",
            .asked_at = kThen,
            .seen_at = kThen};
  }

  testing::TempDir dir_;
  const std::string path_ = dir_ / "rootkeep.db";
  std::unique_ptr<NodeStore> nodes_;
};

TEST_F(NodeStoreTest, WhatIsKnownOfANodeSurvivesARestart) {
  ASSERT_THAT(nodes_->Insert(MakeNode("n1", 'a'), kThen), IsOk());
  ASSERT_OK_AND_ASSIGN(const Node attested, Attest("n1", kThen + 7));
  Reopen();
  EXPECT_EQ(Get("n1"), attested);
  EXPECT_EQ(nodes_->FindByEk(EkOf('a')).value(), attested);
  EXPECT_FALSE(nodes_->Find("n2").value());
  EXPECT_FALSE(nodes_->FindByEk(EkOf('b')).value());
}

TEST_F(NodeStoreTest, AnIdAndAnEkAreOneNodes) {
  ASSERT_THAT(nodes_->Insert(MakeNode("n1", 'a'), kThen), IsOk());
  EXPECT_THAT(nodes_->Insert(MakeNode("n1", 'b'), kThen), HasReason("db_unique"));
  EXPECT_THAT(nodes_->Insert(MakeNode("n2", 'a'), kThen), HasReason("db_unique"));
  EXPECT_EQ(nodes_->List().value().size(), 1U);
  EXPECT_EQ(nodes_->History("n2", 10).value().size(), 0U) << "in one transaction with its history";
}

TEST_F(NodeStoreTest, SeveralNodesMayHaveLostTheirEk) {
  for (const char* id : {"n1", "n2"}) {
    Node node = MakeNode(id, 'a');
    node.ek_sha256.clear();
    EXPECT_THAT(nodes_->Insert(node, kThen), IsOk());
  }
  EXPECT_FALSE(nodes_->FindByEk("").value()) << "and none of them is found by having none";
}

TEST_F(NodeStoreTest, AChangeThatIsRefusedChangesNothing) {
  ASSERT_THAT(nodes_->Insert(MakeNode("n1", 'a', NodeState::kDenied), kThen), IsOk());
  NodeCertificate certificate{.node = "n1"};
  EXPECT_THAT(Attest("n1", kThen + 1, &certificate), HasReason("node_state"));
  EXPECT_EQ(Get("n1"), MakeNode("n1", 'a', NodeState::kDenied));
  EXPECT_EQ(nodes_->Certificates("n1").value().size(), 0U);
  EXPECT_THAT(Attest("n2", kThen), HasReason("node_unknown"));
}

TEST_F(NodeStoreTest, TellsWhichCertificatesWereIssuedOnANodesWord) {
  ASSERT_THAT(nodes_->Insert(MakeNode("n1", 'a'), kThen), IsOk());
  for (int i = 0; i < 3; ++i) {
    NodeCertificate certificate{.node = "n1",
                                .attestation = "a",
                                .request_id = "r" + std::to_string(i),
                                .asked_at = kThen,
                                .not_after = kThen + 9};
    ASSERT_THAT(Attest("n1", kThen + i, &certificate), IsOk());
    const Status completed = i == 1   ? nodes_->Complete(certificate.id, "0badcafe", kThen + 8)
                             : i == 2 ? nodes_->Complete(certificate.id, "", 0)
                                      : Ok();
    ASSERT_THAT(completed, IsOk());
  }
  Reopen();
  ASSERT_OK_AND_ASSIGN(const auto certificates, nodes_->Certificates("n1"));
  ASSERT_EQ(certificates.size(), 3U);
  EXPECT_EQ(certificates[0].status, NodeCertificateStatus::kNotIssued);
  EXPECT_EQ(certificates[1].status, NodeCertificateStatus::kIssued);
  EXPECT_EQ(certificates[1].serial, "0badcafe");
  EXPECT_EQ(certificates[1].not_after, kThen + 8);
  EXPECT_EQ(certificates[2].status, NodeCertificateStatus::kAsked);
  EXPECT_EQ(certificates[2].request_id, "r0");
}

TEST_F(NodeStoreTest, KeepsTheBootLogOfTheNewestBoot) {
  ASSERT_THAT(nodes_->Insert(MakeNode("n1", 'a'), kThen), IsOk());
  EXPECT_FALSE(nodes_->BootLog("n1").value());
  const auto keep = [&](const std::string& pcrs, const Bytes& log) {
    const NodeBootLog boot_log{pcrs, log};
    const auto same = [](Node node) -> Result<Node> { return node; };
    EXPECT_THAT(nodes_->Update("n1", same, "service", kThen, {.certificate = nullptr, .boot_log = &boot_log}), IsOk());
  };
  keep("sha256:0=00", {1, 2, 3});
  Reopen();
  EXPECT_EQ(nodes_->BootLog("n1").value()->log, (Bytes{1, 2, 3}));
  keep("sha256:0=00", {4});
  EXPECT_EQ(nodes_->BootLog("n1").value()->log, (Bytes{1, 2, 3})) << "the same boot";
  keep("sha256:0=01", {5});
  EXPECT_EQ(nodes_->BootLog("n1").value()->log, Bytes{5});
  EXPECT_EQ(nodes_->BootLog("n1").value()->pcrs, "sha256:0=01");
  ASSERT_THAT(nodes_->Remove("n1", "alice", kThen), IsOk());
  EXPECT_FALSE(nodes_->BootLog("n1").value());
}

TEST_F(NodeStoreTest, CountsHowNodesStand) {
  for (const auto& [id, state] : std::vector<std::pair<std::string, NodeState>>{{"n1", NodeState::kFailed},
                                                                                {"n2", NodeState::kApproved},
                                                                                {"n3", NodeState::kApproved},
                                                                                {"n4", NodeState::kHeld}}) {
    ASSERT_THAT(nodes_->Insert(MakeNode(id, id.back(), state), kThen), IsOk());
  }
  ASSERT_THAT(Attest("n2", kThen), IsOk());
  ASSERT_THAT(Attest("n3", kThen + 1), IsOk());
  Node held = MakeNode("n5", '5', NodeState::kHeld);
  held.reason = "enrolment";
  ASSERT_THAT(nodes_->Insert(held, kThen), IsOk());
  ASSERT_OK_AND_ASSIGN(const NodeStandings standings, nodes_->Standings(kThen + 3600));
  const auto count = [&](std::string_view standing, const char* reason = "") {
    return standings.counts.at({standing, reason});
  };
  EXPECT_EQ(standings.counts.size(), 8U);
  EXPECT_EQ(count("attested"), 1U);
  EXPECT_EQ(count(kAttestationEnded), 1U);
  EXPECT_EQ(count("failed"), 1U);
  EXPECT_EQ(count("held"), 1U);
  EXPECT_EQ(count("held", "enrolment"), 1U);
  EXPECT_EQ(count("denied"), 0U);
}

TEST_F(NodeStoreTest, TellsTheLastEvidenceAndTheFirstEnd) {
  for (const char id : {'1', '2', '3', '4'}) {
    ASSERT_THAT(nodes_->Insert(MakeNode(std::string("n") + id, id), kThen), IsOk());
  }
  EXPECT_EQ(nodes_->Standings(kThen)->newest_evidence, 0);
  EXPECT_EQ(nodes_->Standings(kThen)->first_end, 0);
  for (const auto& [id, at] : std::vector<std::pair<std::string, std::int64_t>>{
           {"n1", kThen}, {"n2", kThen + 20}, {"n3", kThen + 10}, {"n4", kThen + 30}}) {
    ASSERT_THAT(Attest(id, at), IsOk());
  }
  const auto fail = [](Node node) { return Failed(std::move(node), MakeEvidence(kThen + 40), {"pcr_mismatch", ""}); };
  ASSERT_THAT(nodes_->Update("n4", fail, "service", kThen + 40), IsOk());
  ASSERT_OK_AND_ASSIGN(const NodeStandings standings, nodes_->Standings(kThen + 3605));
  EXPECT_EQ(standings.newest_evidence, kThen + 20) << "a failed node's evidence is none";
  EXPECT_EQ(standings.first_end, kThen + 3610) << "n1's has ended";
  EXPECT_EQ(standings.counts.at({"failed", "pcr_mismatch"}), 1U);
}

TEST_F(NodeStoreTest, TellsTheOldestEvidenceOfEachGroup) {
  for (const auto& [id, group, at] : std::vector<std::tuple<std::string, std::string, std::int64_t>>{
           {"n1", "core", kThen}, {"n2", "core", kThen + 20}, {"n3", "core", kThen + 10}, {"n4", "edge", kThen + 30}}) {
    Node node = MakeNode(id, id.back());
    node.group = group;
    ASSERT_THAT(nodes_->Insert(node, kThen), IsOk());
    ASSERT_THAT(Attest(id, at), IsOk());
  }
  const auto oldest = [&](std::int64_t now) { return nodes_->Standings(now)->oldest_evidence; };
  using Oldest = decltype(NodeStandings::oldest_evidence);
  EXPECT_EQ(oldest(kThen + 40), (Oldest{{"core", kThen}, {"edge", kThen + 30}}));
  EXPECT_EQ(oldest(kThen + 3605), (Oldest{{"core", kThen + 10}, {"edge", kThen + 30}})) << "n1's has ended";
  ASSERT_THAT(Attest("n3", kThen + 50), IsOk());
  EXPECT_EQ(oldest(kThen + 3605)["core"], kThen + 20);
  ASSERT_THAT(nodes_->Remove("n4", "alice", kThen + 60), IsOk());
  EXPECT_FALSE(oldest(kThen + 3605).contains("edge"));
}

TEST_F(NodeStoreTest, KeepsAHistoryOfWhatChanged) {
  ASSERT_THAT(nodes_->Insert(MakeNode("n1", 'a'), kThen), IsOk());
  ASSERT_THAT(Attest("n1", kThen + 1), IsOk());
  ASSERT_THAT(Attest("n1", kThen + 2), IsOk());  // nothing new
  const auto deny = [](Node node) { return Denied(std::move(node), "stolen", kThen + 3); };
  ASSERT_THAT(nodes_->Update("n1", deny, "alice", kThen + 3), IsOk());
  ASSERT_THAT(nodes_->Remove("n1", "alice", kThen + 4), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto history, nodes_->History("n1", 10));
  ASSERT_EQ(history.size(), 4U);
  EXPECT_EQ(history[0].state, "removed");
  EXPECT_EQ(history[1].state, "denied");
  EXPECT_EQ(history[1].detail, "stolen");
  EXPECT_EQ(history[1].by, "alice");
  EXPECT_EQ(history[2].state, "attested");
  EXPECT_EQ(history[2].at, kThen + 1);
  EXPECT_EQ(history[3].state, "approved");
  EXPECT_EQ(history[3].by, "service");
}

TEST_F(NodeStoreTest, ARemovedNodeIsUnknownAndItsEkFree) {
  ASSERT_THAT(nodes_->Insert(MakeNode("n1", 'a'), kThen), IsOk());
  ASSERT_THAT(nodes_->RequestBinding(RequestOf("n1", 'b')), IsOk());
  ASSERT_THAT(nodes_->Remove("n1", "alice", kThen), IsOk());
  EXPECT_FALSE(nodes_->Find("n1").value());
  EXPECT_TRUE(nodes_->BindingRequests().value().empty());
  EXPECT_THAT(nodes_->Insert(MakeNode("n2", 'a'), kThen), IsOk());
  EXPECT_THAT(nodes_->Remove("n1", "alice", kThen), HasCode(Code::kNotFound));
}

TEST_F(NodeStoreTest, ANodeGetsAnotherTpmFromAnOperatorOnly) {
  ASSERT_THAT(nodes_->Insert(MakeNode("n1", 'a'), kThen), IsOk());
  ASSERT_THAT(Attest("n1", kThen), IsOk());
  BindingRequest request = RequestOf("n1", 'b');
  ASSERT_THAT(nodes_->RequestBinding(request), IsOk());
  request.seen_at += 5;
  request.peer = "ipv4:10.0.0.2";
  ASSERT_THAT(nodes_->RequestBinding(request), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto waiting, nodes_->BindingRequests());
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0].asked_at, kThen);
  EXPECT_EQ(waiting[0].seen_at, kThen + 5);
  EXPECT_EQ(waiting[0].peer, "ipv4:10.0.0.2");
  EXPECT_EQ(Get("n1").ek_sha256, EkOf('a')) << "until then it is what it was";

  EXPECT_THAT(nodes_->Bind("n2", EkOf('b'), "alice", kThen), HasReason("binding_unknown")) << "it asks for n1";
  ASSERT_OK_AND_ASSIGN(const Node bound, nodes_->Bind("n1", EkOf('b'), "alice", kThen + 6));
  EXPECT_EQ(Get("n1"), bound);
  EXPECT_EQ(bound.ek_sha256, EkOf('b'));
  EXPECT_EQ(bound.state, NodeState::kApproved);
  EXPECT_FALSE(nodes_->FindByEk(EkOf('a')).value());
  EXPECT_THAT(nodes_->Bind("n1", EkOf('b'), "alice", kThen), HasReason("binding_unknown"));
  EXPECT_THAT(nodes_->Bind("n1", "", "alice", kThen), HasReason("binding_unknown"));
}

TEST_F(NodeStoreTest, ADeniedRequestIsGone) {
  ASSERT_THAT(nodes_->Insert(MakeNode("n1", 'a'), kThen), IsOk());
  ASSERT_THAT(nodes_->RequestBinding(RequestOf("n1", 'b')), IsOk());
  ASSERT_THAT(nodes_->DenyBinding("n1", EkOf('b'), "alice", kThen), IsOk());
  EXPECT_TRUE(nodes_->BindingRequests().value().empty());
  EXPECT_EQ(Get("n1").ek_sha256, EkOf('a'));
  EXPECT_THAT(nodes_->DenyBinding("n1", EkOf('b'), "alice", kThen), HasReason("binding_unknown"));
}

TEST_F(NodeStoreTest, ATpmThatWasAnothersLeavesThatOneWithout) {
  ASSERT_THAT(nodes_->Insert(MakeNode("n1", 'a'), kThen), IsOk());
  ASSERT_THAT(nodes_->Insert(MakeNode("n2", 'b'), kThen), IsOk());
  ASSERT_THAT(nodes_->RequestBinding(RequestOf("n1", 'b')), IsOk());
  ASSERT_THAT(nodes_->Bind("n1", EkOf('b'), "alice", kThen), IsOk());
  EXPECT_EQ(Get("n1").ek_sha256, EkOf('b'));
  EXPECT_EQ(Get("n2").ek_sha256, "");
}

// What waits came from the network: `rows` rows, each as `sql` says with x in it.
void FillUp(const std::string& path, std::size_t rows, const std::string& sql) {
  ASSERT_OK_AND_ASSIGN(const auto database, store::Database::Open({.path = path}));
  ASSERT_THAT(database->Execute(fmt::format(
                  "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < {}) {}", rows, sql)),
              IsOk());
}

// Of held nodes and of binding requests, `rows` each of TPMs that are `tpm`.
void FillUpWith(const std::string& path, std::size_t rows, const std::string& tpm) {
  FillUp(path, rows,
         fmt::format("INSERT INTO nodes SELECT x, 'w' || x, '', 1, '', '', 'ek' || x, '', '{}', 0, 0, 0, NULL, 0, 0, 0,"
                     " 0, 0, '', '', '', NULL, '', '', 0 FROM c",
                     tpm));
  FillUp(path, rows,
         fmt::format("INSERT INTO node_bindings SELECT x, 'ek' || x, 'w' || x, '{}', '', 0, 0 FROM c", tpm));
}

TEST_F(NodeStoreTest, TpmsThatNobodyVouchesForLeaveRoomForOthers) {
  FillUpWith(path_, NodeStore::kMaxUnvouched, "");
  Node unvouched = MakeNode("n1", 'a', NodeState::kHeld);
  unvouched.tpm.clear();
  BindingRequest request = RequestOf("n2", 'b');
  request.tpm.clear();
  EXPECT_THAT(nodes_->Insert(unvouched, kThen), HasReason("node_waiting"));
  EXPECT_THAT(nodes_->RequestBinding(request), HasReason("node_waiting"));
  EXPECT_THAT(nodes_->Insert(MakeNode("n1", 'a', NodeState::kHeld), kThen), IsOk());
  request.tpm = "chip";
  EXPECT_THAT(nodes_->RequestBinding(request), IsOk());
}

TEST_F(NodeStoreTest, NotEverybodyMayAskForOneNode) {
  FillUp(path_, NodeStore::kMaxRivals, "INSERT INTO node_bindings SELECT x, 'ek' || x, 'n1', '', '', 0, 0 FROM c");
  EXPECT_THAT(nodes_->RequestBinding(RequestOf("n1", 'b')), HasReason("node_waiting"));
  EXPECT_THAT(nodes_->RequestBinding(RequestOf("n2", 'b')), IsOk());
}

TEST_F(NodeStoreTest, NotEverybodyMayWait) {
  FillUpWith(path_, NodeStore::kMaxWaiting, "chip");
  EXPECT_THAT(nodes_->Insert(MakeNode("n1", 'a', NodeState::kHeld), kThen), HasReason("node_waiting"));
  EXPECT_THAT(nodes_->Insert(MakeNode("n1", 'a'), kThen), IsOk()) << "who need not wait has room";
  EXPECT_THAT(nodes_->RequestBinding(RequestOf("n1", 'b')), HasReason("node_waiting"));
}

TEST_F(NodeStoreTest, ReadersNeedTheDatabase) {
  EXPECT_THAT(NodeStore::Look(dir_ / "none.db"), HasCode(Code::kNotFound));
  ASSERT_THAT(nodes_->Insert(MakeNode("n1", 'a'), kThen), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto reader, NodeStore::Look(path_));
  EXPECT_EQ(reader->List().value().size(), 1U);
  EXPECT_FALSE(reader->Remove("n1", "alice", kThen).ok());
}

}  // namespace
}  // namespace rootkeep
