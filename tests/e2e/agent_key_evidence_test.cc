// Keys that were shown to be in the TPM of the node that carries the call.
#include "attestation/attester/key_evidence.h"
#include "signer/authority/certificates.h"
#include "tests/e2e/agent_relay_fixture.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/tpm_node_key.h"
#include "tools/attestation/messages.h"

namespace rootkeep::testing {
namespace {

constexpr char kSealed[] = "spiffe://cluster.local/ns/demo/sa/sealed";

// A key in a TPM, with what a client has of it.
struct Key {
  explicit Key(const SwTpm& tpm) {
    const TpmNodeKey key(tpm);
    csr = der::ToPem(key.Csr(tpm), "CERTIFICATE REQUEST");
    const auto opened = tpm2::Tpm::Open({.transport = {.tcti = tpm.tcti()}});
    evidence =
        ToProto(*attestation::MakeKeyEvidence(**opened, key, After(std::chrono::seconds(60)))).SerializeAsString();
  }

  std::string csr;
  std::string evidence;
};

class KeyEvidence : public AgentRelay {
 protected:
  // By this account's token of node-1.
  [[nodiscard]] IstioCall CallFor(const std::string& csr, const std::vector<std::string>& evidence,
                                  const std::string& account = "sealed") const {
    IstioCall call{.csr = csr};
    call.Bearer(Token("demo", account));
    for (const std::string& one : evidence) call.headers.emplace_back("rootkeep-key-evidence-bin", one);
    return call;
  }
  [[nodiscard]] IstioAnswer Over(const Node& node, const IstioCall& call) const {
    return Send(node.Address("relay"), roots(), call);
  }

  const Key key_1_{node_1_.tpm()};
  const Key key_2_{node_2_.tpm()};
};

MATCHER(IsNobodys, "is UNAUTHENTICATED") {
  return arg.status.error_code() == grpc::StatusCode::UNAUTHENTICATED && arg.chain.empty();
}

TEST_F(KeyEvidence, IsWorthSomethingForItsKeyOnItsNode) {
  ASSERT_NO_FATAL_FAILURE(StartNode(node_1_));
  ASSERT_NO_FATAL_FAILURE(StartNode(node_2_));
  ASSERT_TRUE(node_1_.Serves()) << node_1_.Log();
  ASSERT_TRUE(node_2_.Serves()) << node_2_.Log();
  EXPECT_THAT(Over(node_1_, CallFor(key_1_.csr, {key_1_.evidence})), WasIssuedTo(kSealed));
  EXPECT_THAT(Over(node_2_, CallFor(key_2_.csr, {key_2_.evidence})), WasIssuedTo(kSealed)) << "nothing names a node";
  EXPECT_THAT(Over(node_1_, CallFor(key_1_.csr, {})), RequirementRefused());
  EXPECT_THAT(Over(node_1_, CallFor(MakeCsrPem(), {})), RequirementRefused());
  EXPECT_THAT(Ask(CallFor(key_1_.csr, {key_1_.evidence})), RequirementRefused()) << "no node carries it";
  EXPECT_THAT(Over(node_1_, CallFor(MakeCsrPem(), {key_1_.evidence})), IsNobodys()) << "another key's evidence";
  EXPECT_THAT(Over(node_2_, CallFor(key_1_.csr, {key_1_.evidence})), AuthenticationRefused()) << "another node's";
  EXPECT_THAT(Over(node_1_, CallFor(key_2_.csr, {key_2_.evidence})), AuthenticationRefused());
  EXPECT_THAT(Over(node_1_, CallFor(key_1_.csr, {"no evidence"})), AuthenticationRefused());
  EXPECT_THAT(Over(node_1_, CallFor(key_1_.csr, {key_1_.evidence, key_1_.evidence})), AuthenticationRefused());
  // Nor is it ignored where nothing requires it.
  EXPECT_THAT(Over(node_1_, CallFor(key_1_.csr, {key_1_.evidence}, "other")), WasIssued());
  EXPECT_THAT(Over(node_1_, CallFor(MakeCsrPem(), {key_1_.evidence}, "other")), IsNobodys());
  EXPECT_THAT(Over(node_1_, CallFor(key_1_.csr, {key_2_.evidence}, "other")), AuthenticationRefused());
  EXPECT_THAT(Rootkeep({"ledger", "list", "--json"}).out, ::testing::HasSubstr("self, key attested"));
  node_1_.Stop();
  node_2_.Stop();
}

TEST_F(KeyEvidence, IsShownByTheAgentForAKeyThatItMakes) {
  ASSERT_NO_FATAL_FAILURE(StartNode(node_1_));
  ASSERT_TRUE(node_1_.Serves()) << node_1_.Log();
  node_1_.KeepAddress();
  const std::string relay = node_1_.Address("relay");
  node_1_.Stop();
  ASSERT_THAT(WriteFileAtomically(File("token"), Token("demo", "sealed"), 0600), IsOk());
  const auto certificate = [&](const std::string& name, const std::string& proof) {
    return "  - name: " + name + "\n    address: \"" + relay + "\"\n    anchors_file: " + files().root_certificate() +
           "\n    token_file: " + File("token") + "\n    chain_file: " + File(name + ".chain") +
           "\n    bundle_file: " + File(name + ".roots") + "\n    key_file: " + File(name + ".key") + "\n" + proof;
  };
  node_1_.Start(daemon().address(), files().root_certificate(),
                certificate("sealed", "    key_evidence: true\n") + certificate("bare", ""));
  const auto chain = [this] { return ReadFile(File("sealed.chain"), 1 << 20).value_or(""); };
  ASSERT_TRUE(Eventually([&] { return !chain().empty(); })) << node_1_.Log();
  ASSERT_OK_AND_ASSIGN(const auto issued, ParseCertificates(chain()));
  EXPECT_EQ(NamesOf(issued.front().get()), std::vector<std::string>{"URI:" + std::string(kSealed)});
  EXPECT_TRUE(Eventually([this] { return node_1_.Count("certificate_not_renewed") > 0; })) << "without evidence";
  EXPECT_FALSE(std::filesystem::exists(File("bare.chain")));
  node_1_.Stop();
}

}  // namespace
}  // namespace rootkeep::testing
