#include "tools/relay/networks.h"

#include "tests/support/matchers.h"

namespace rootkeep::relay {
namespace {

using rootkeep::testing::HasCode;

TEST(RelayNetworks, AreLoopbackByDefault) {
  for (const char* peer :
       {"ipv4:127.0.0.1:4711", "ipv4:127.8.9.10:1", "ipv6:%5B::1%5D:4711", "ipv6:%5B::ffff:127.0.0.1%5D:1"}) {
    EXPECT_TRUE(Networks().Holds(peer)) << peer;
  }
  for (const char* peer : {"ipv4:192.0.2.1:4711", "ipv4:128.0.0.1:1", "ipv6:%5B::2%5D:1", "ipv6:%5Bfd00::1%5D:1",
                           "ipv6:%5B7f00::1%5D:1", "unix:/run/x", "unix:", "", "ipv4:", "ipv4:localhost:1"}) {
    EXPECT_FALSE(Networks().Holds(peer)) << peer;
  }
}

TEST(RelayNetworks, HoldWhatIsGiven) {
  ASSERT_OK_AND_ASSIGN(const Networks networks, Networks::Parse({"10.244.3.0/25", "fd00:1::/63", "192.0.2.7"}));
  for (const char* peer : {"ipv4:10.244.3.0:1", "ipv4:10.244.3.127:1", "ipv6:%5Bfd00:1:0:1::5%5D:1", "ipv4:192.0.2.7:9",
                           "ipv6:%5B::ffff:10.244.3.9%5D:1", "ipv6:%5Bfd00:1::1%25eth0%5D:1"}) {
    EXPECT_TRUE(networks.Holds(peer)) << peer;
  }
  for (const char* peer : {"ipv4:10.244.3.128:1", "ipv4:10.244.2.255:1", "ipv6:%5Bfd00:1:0:2::5%5D:1",
                           "ipv4:192.0.2.8:9", "ipv6:%5B::10.244.3.9%5D:1", "ipv4:127.0.0.1:1", "ipv6:%5B::1%5D:1"}) {
    EXPECT_FALSE(networks.Holds(peer)) << peer;
  }
  ASSERT_OK_AND_ASSIGN(const Networks all, Networks::Parse({"0.0.0.0/0"}));
  EXPECT_TRUE(all.Holds("ipv4:203.0.113.1:1"));
  EXPECT_FALSE(all.Holds("ipv6:%5Bfd00::1%5D:1"));
}

TEST(RelayNetworks, RefuseWhatIsNone) {
  for (const char* bad : {"", "/24", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/24",
                          "fd00::/129", "fd00::1/64", "10.0.0/24", "host", "10.0.0.0/8/8"}) {
    EXPECT_THAT(Networks::Parse({bad}), HasCode(Code::kInvalidArgument)) << bad;
  }
}

}  // namespace
}  // namespace rootkeep::relay
