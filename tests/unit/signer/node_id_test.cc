#include "signer/node_id.h"

#include "signer/spiffe_id.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::HasCode;

TEST(NodeId, IsASegmentOfASpiffeId) {
  for (const std::string_view good : {"a", "node-1", "ip-10-0-0-1.eu-central-1.compute.internal", "Rack_7", "1"}) {
    EXPECT_TRUE(IsNodeId(good)) << good;
  }
  EXPECT_TRUE(IsNodeId(std::string(253, 'n')));
  EXPECT_FALSE(IsNodeId(std::string(254, 'n')));
  EXPECT_FALSE(IsNodeId(std::string(64, 'a'))) << "is taken for an EK";
  EXPECT_TRUE(IsNodeId(std::string(63, 'a')));
  for (const std::string_view bad : {"", ".", "..", "a/b", "a b", "{node}", "n\xc3\xb6", "a%41"}) {
    EXPECT_FALSE(IsNodeId(bad)) << bad;
  }
}

TEST(NodeUri, IsWhatATemplateGives) {
  for (const char* form :
       {"spiffe://{trust_domain}/node/{node}", "spiffe://{trust_domain}/site/berlin/tpm-{node}.v1/host"}) {
    EXPECT_TRUE(IsNodeUri(NodeUriTemplate::Parse(form)->Uri("example.com", "n1"), "example.com")) << form;
  }
  for (const std::string_view bad :
       {"spiffe://example.com/ns/a/sa/b", "spiffe://example.com/ns/a", "spiffe://example.com/node",
        "spiffe://example.com/node/", "spiffe://example.com/node//n1", "spiffe://example.com/node/../n1",
        "spiffe://example.community/node/n1", "spiffe://other.com/node/n1", "https://example.com/node/n1",
        "spiffe://example.com/node/n1?x", ""}) {
    EXPECT_FALSE(IsNodeUri(bad, "example.com")) << bad;
  }
  EXPECT_FALSE(IsNodeUri("spiffe://example.com/node/" + std::string(2048, 'n'), "example.com"));
}

TEST(NodeUriTemplate, HasAFormOfItsOwn) {
  EXPECT_EQ(NodeUriTemplate().Uri("example.com", "node-1"), "spiffe://example.com/node/node-1");
  EXPECT_EQ(NodeUriTemplate().ToText(), "spiffe://{trust_domain}/node/{node}");
  ASSERT_OK_AND_ASSIGN(const NodeUriTemplate same, NodeUriTemplate::Parse(NodeUriTemplate().ToText()));
  EXPECT_EQ(same, NodeUriTemplate());
}

TEST(NodeUriTemplate, CanBeAnother) {
  ASSERT_OK_AND_ASSIGN(const NodeUriTemplate other,
                       NodeUriTemplate::Parse("spiffe://{trust_domain}/site/berlin/tpm-{node}.v1/host"));
  EXPECT_EQ(other.Uri("example.com", "n1"), "spiffe://example.com/site/berlin/tpm-n1.v1/host");
  EXPECT_EQ(other.ToText(), "spiffe://{trust_domain}/site/berlin/tpm-{node}.v1/host");
}

TEST(NodeUriTemplate, RefusesWhatMakesNoName) {
  for (const std::string_view bad :
       {"", "node/{node}", "spiffe://example.com/node/{node}", "spiffe://{trust_domain}/node",
        "spiffe://{trust_domain}/node/{node}/", "spiffe://{trust_domain}//{node}",
        "spiffe://{trust_domain}/node/{node}{node}", "spiffe://{trust_domain}/node/../{node}",
        "spiffe://{trust_domain}/no de/{node}", "spiffe://{trust_domain}/node/{node}/{trust_domain}"}) {
    EXPECT_THAT(NodeUriTemplate::Parse(bad), HasCode(Code::kInvalidArgument)) << bad;
  }
  EXPECT_THAT(NodeUriTemplate::Parse("spiffe://{trust_domain}/node/{node}" + std::string(500, 'x')),
              HasCode(Code::kInvalidArgument));
}

// A node that could be called so that its certificate reads like a workload's would answer for that workload.
TEST(NodeUriTemplate, NeverMakesAWorkloadsName) {
  for (const std::string_view bad : {"spiffe://{trust_domain}/ns/nodes/sa/{node}",
                                     "spiffe://{trust_domain}/ns/{node}/sa/x", "spiffe://{trust_domain}/{node}/a/sa/b",
                                     "spiffe://{trust_domain}/{node}", "spiffe://{trust_domain}/n{node}/a/sa/b"}) {
    EXPECT_THAT(NodeUriTemplate::Parse(bad), HasCode(Code::kInvalidArgument)) << bad;
  }
  ASSERT_OK_AND_ASSIGN(const NodeUriTemplate near, NodeUriTemplate::Parse("spiffe://{trust_domain}/nodes/{node}/sa/b"));
  EXPECT_FALSE(ParseSpiffeId(near.Uri("example.com", "ns")).ok());
}

}  // namespace
}  // namespace rootkeep
