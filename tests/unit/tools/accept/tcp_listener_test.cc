#include "tools/accept/tcp_listener.h"

#include <cerrno>

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::HasCode;

TEST(ListenTcp, PicksAFreePortAndKeepsIt) {
  ASSERT_OK_AND_ASSIGN(const TcpListener first, ListenTcp("127.0.0.1:0"));
  EXPECT_GT(first.port, 0);
  const auto second = ListenTcp("127.0.0.1:" + std::to_string(first.port));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().native().value, static_cast<std::uint64_t>(EADDRINUSE));
}

TEST(ListenTcp, TakesIpv6InBrackets) {
  ASSERT_OK_AND_ASSIGN(const TcpListener listener, ListenTcp("[::1]:0"));
  EXPECT_GT(listener.port, 0);
}

TEST(ListenTcp, AsksNobodyForAName) {
  for (const char* bad : {"", "127.0.0.1", "localhost:0", "[localhost]:0", "::1:0", "127.0.0.1:http", "127.0.0.1:x"}) {
    EXPECT_THAT(ListenTcp(bad), HasCode(Code::kInvalidArgument)) << bad;
  }
}

}  // namespace
}  // namespace rootkeep
