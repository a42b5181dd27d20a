#include "tools/relay/metadata.h"

#include "tests/support/matchers.h"

namespace rootkeep::relay {
namespace {

using rootkeep::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(RelayMetadata, PassesOnWhatACallBrings) {
  const Metadata metadata{{"authorization", "Bearer a"}, {"authorization", "Basic b"}, {"clusterid", "c"}, {"x", ""}};
  ASSERT_OK_AND_ASSIGN(const Pairs pairs, PassedOn(metadata));
  EXPECT_THAT(pairs, ElementsAre(Pair("authorization", "Bearer a"), Pair("authorization", "Basic b"),
                                 Pair("clusterid", "c"), Pair("x", "")));
}

TEST(RelayMetadata, KeepsWhatBelongsToOneConnection) {
  for (const char* name : {"user-agent", "grpc-timeout", "grpc-encoding", "grpc-status-details-bin", "grpc-trace-bin",
                           "connection", "te", "host", "content-type", "transfer-encoding"}) {
    ASSERT_OK_AND_ASSIGN(const Pairs pairs, PassedOn({{name, "x"}}));
    EXPECT_THAT(pairs, IsEmpty()) << name;
  }
  ASSERT_OK_AND_ASSIGN(const Pairs pushback, PassedOn({{"grpc-retry-pushback-ms", "100"}}));
  EXPECT_THAT(pushback, ElementsAre(Pair("grpc-retry-pushback-ms", "100")));
}

// gRPC ends the process over these.
TEST(RelayMetadata, RefusesWhatMayNotBeInAHeader) {
  for (const std::string& value : {std::string("a\x01"), std::string("\xc3\xb6"), std::string("a\0b", 3),
                                   std::string("a\nb"), std::string("\x7f")}) {
    EXPECT_THAT(PassedOn({{"x-own", grpc::string_ref(value.data(), value.size())}}), HasReason("metadata"));
    ASSERT_OK_AND_ASSIGN(const Pairs pairs, PassedOn({{"x-own-bin", grpc::string_ref(value.data(), value.size())}}));
    EXPECT_THAT(pairs, ElementsAre(Pair("x-own-bin", value)));
  }
  for (const char* name : {"", "X-own", "x own", ":path", "x:y", "x\xc3\xb6", "x/y"}) {
    EXPECT_THAT(PassedOn({{name, "a"}}), HasReason("metadata")) << name;
  }
}

}  // namespace
}  // namespace rootkeep::relay
