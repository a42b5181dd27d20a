#include "tools/relay/networks.h"

#include "tests/support/matchers.h"

namespace rootkeep::relay {
namespace {

using rootkeep::testing::HasCode;

PeerAddress Of(const char* text) {
  const auto address = ParsePeerAddress(text);
  EXPECT_TRUE(address) << text;
  return address.value_or(PeerAddress{});
}

TEST(RelayNetworks, AreLoopbackByDefault) {
  for (const char* peer : {"127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(Networks().Holds(Of(peer))) << peer;
    EXPECT_TRUE(IsLoopback(Of(peer))) << peer;
  }
  for (const char* peer : {"192.0.2.1", "128.0.0.1", "126.255.255.255", "::2", "fd00::1", "7f00::1", "::127.0.0.1"}) {
    EXPECT_FALSE(Networks().Holds(Of(peer))) << peer;
    EXPECT_FALSE(IsLoopback(Of(peer))) << peer;
  }
}

TEST(RelayNetworks, HoldWhatIsGiven) {
  ASSERT_OK_AND_ASSIGN(const Networks networks, Networks::Parse({"10.244.3.0/25", "fd00:1::/63", "192.0.2.7"}));
  for (const char* peer :
       {"10.244.3.0", "10.244.3.127", "fd00:1:0:1::5", "192.0.2.7", "::ffff:10.244.3.9", "fd00:1::1"}) {
    EXPECT_TRUE(networks.Holds(Of(peer))) << peer;
  }
  for (const char* peer :
       {"10.244.3.128", "10.244.2.255", "fd00:1:0:2::5", "192.0.2.8", "::10.244.3.9", "127.0.0.1", "::1"}) {
    EXPECT_FALSE(networks.Holds(Of(peer))) << peer;
  }
  ASSERT_OK_AND_ASSIGN(const Networks all, Networks::Parse({"0.0.0.0/0"}));
  EXPECT_TRUE(all.Holds(Of("203.0.113.1")));
  EXPECT_FALSE(all.Holds(Of("fd00::1")));
  ASSERT_OK_AND_ASSIGN(const Networks all6, Networks::Parse({"::/0"}));
  EXPECT_TRUE(all6.Holds(Of("fd00::1")));
  EXPECT_FALSE(all6.Holds(Of("203.0.113.1"))) << "as an IPv6 socket hears it";
  ASSERT_OK_AND_ASSIGN(const Networks mapped, Networks::Parse({"::ffff:10.0.0.0/104"}));
  EXPECT_TRUE(mapped.Holds(Of("10.1.2.3"))) << "it is written out";
}

TEST(RelayNetworks, RefuseWhatIsNone) {
  for (const char* bad : {"", "/24", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/24",
                          "fd00::/129", "fd00::1/64", "10.0.0/24", "host", "10.0.0.0/8/8"}) {
    EXPECT_THAT(Networks::Parse({bad}), HasCode(Code::kInvalidArgument)) << bad;
  }
}

TEST(RelayPeer, IsWrittenAsItIsRead) {
  for (const char* text : {"192.0.2.1", "2001:db8::1", "::1"}) EXPECT_EQ(ToText(Of(text)), text);
  EXPECT_EQ(ToText(Of("::ffff:192.0.2.1")), "192.0.2.1");
  for (const char* bad : {"", "localhost", "192.0.2.1:80", "[::1]", "fe80::1%eth0"}) {
    EXPECT_FALSE(ParsePeerAddress(bad)) << bad;
  }
}

}  // namespace
}  // namespace rootkeep::relay
