#include "signer/policy/node_names.h"

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::HasCode;

std::string NamesOf(const NodeNames& names, const std::string& node) { return Describe(names.Of(node)); }

TEST(NodeNames, AreTheNodesOwnByDefault) { EXPECT_EQ(NamesOf(NodeNames(), "n1"), "localhost, 127.0.0.1, ::1"); }

TEST(NodeNames, CanHoldTheNodesId) {
  ASSERT_OK_AND_ASSIGN(const NodeNames names,
                       NodeNames::Parse({"{node}.nodes.example.com", "istiod.istio-system.svc", "192.0.2.1"}));
  EXPECT_EQ(NamesOf(names, "rack-1.n1"), "rack-1.n1.nodes.example.com, istiod.istio-system.svc, 192.0.2.1");
}

TEST(NodeNames, AnIdThatMakesNoDnsNameGivesNone) {
  ASSERT_OK_AND_ASSIGN(const NodeNames names, NodeNames::Parse({"{node}.example.com", "localhost"}));
  for (const std::string& node : {std::string("n_1"), std::string(".n1"), std::string("n1."), std::string("-n1"),
                                  std::string(64, 'n'), std::string(253, 'n')}) {
    EXPECT_EQ(NamesOf(names, node), "localhost") << node;
  }
}

TEST(NodeNames, StandOnce) {
  ASSERT_OK_AND_ASSIGN(const NodeNames names, NodeNames::Parse({"localhost", "localhost"}));
  EXPECT_EQ(NamesOf(names, "n1"), "localhost");
}

// An id alone could read like any host's: first_enrolment may let a node choose its own.
TEST(NodeNames, RefuseWhatIsNoHostsName) {
  for (const std::string bad :
       {"", "*.example.com", "*", "{node}", "{node}.", "x.{node}.example.com", "{node}.127.0.0.1", "{node}.*.com",
        "a..b", "a b", "spiffe://example.com/x", "n_1", "-a", "a-", "."}) {
    EXPECT_THAT(NodeNames::Parse({bad}), HasCode(Code::kInvalidArgument)) << bad;
  }
  EXPECT_THAT(NodeNames::Parse({std::string(64, 'a')}), HasCode(Code::kInvalidArgument));
}

}  // namespace
}  // namespace rootkeep
