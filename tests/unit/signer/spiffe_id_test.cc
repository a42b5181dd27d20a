#include "signer/spiffe_id.h"

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

TEST(SpiffeId, ParsesTheIstioForm) {
  ASSERT_OK_AND_ASSIGN(const SpiffeId id, ParseSpiffeId("spiffe://example.com/ns/default/sa/example-pod-sa"));
  EXPECT_EQ(id, (SpiffeId{"example.com", "default", "example-pod-sa"}));
  EXPECT_EQ(id.ToUri(), "spiffe://example.com/ns/default/sa/example-pod-sa");
}

TEST(SpiffeId, RefusesEverythingElse) {
  for (const char* uri :
       {"", "spiffe://", "spiffe://td/ns/a/sa", "spiffe://td/ns/a/sa/", "spiffe://td/ns/a/sa/b/c",
        "spiffe://td/sa/a/ns/b", "spiffe://TD/ns/a/sa/b", "http://td/ns/a/sa/b", "spiffe://td/ns/../sa/b",
        "spiffe://td/ns/a%20/sa/b", "spiffe://td/ns/a/sa/b?x", "spiffe://td:80/ns/a/sa/b", "spiffe:///ns/a/sa/b"}) {
    EXPECT_THAT(ParseSpiffeId(uri), testing::HasCode(Code::kInvalidArgument)) << uri;
  }
  EXPECT_THAT(ParseSpiffeId("spiffe://td/ns/a/sa/" + std::string(2048, 'b')), testing::HasCode(Code::kInvalidArgument));
}

}  // namespace
}  // namespace rootkeep
