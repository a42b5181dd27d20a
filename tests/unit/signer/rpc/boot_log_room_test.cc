#include "signer/rpc/boot_log_room.h"

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::IsOk;

TEST(BootLogRoom, OneNetworkHasAQuarterOfIt) {
  const BootLogRoom room(100);
  const auto first = room.Open("ipv4:10.0.0.1", false);
  const auto second = room.Open("ipv4:10.0.0.1", false);
  EXPECT_THAT(first->Add(20), IsOk());
  EXPECT_THAT(second->Add(6), HasReason("boot_logs"));
  EXPECT_THAT(second->Add(6), HasCode(Code::kResourceExhausted));
  EXPECT_THAT(second->Add(5), IsOk());
  EXPECT_THAT(first->Add(1), HasReason("boot_logs"));
  EXPECT_THAT(room.Open("ipv4:10.0.0.2", false)->Add(25), IsOk());
}

TEST(BootLogRoom, StrangersHaveHalfOfIt) {
  const BootLogRoom room(100);
  const auto first = room.Open("a", true);
  const auto second = room.Open("b", true);
  const auto third = room.Open("c", true);
  const auto node = room.Open("c", false);
  EXPECT_THAT(first->Add(25), IsOk());
  EXPECT_THAT(second->Add(25), IsOk());
  EXPECT_THAT(third->Add(1), HasReason("boot_logs"));
  EXPECT_THAT(node->Add(25), IsOk());
}

TEST(BootLogRoom, IsGivenBackAndNeverMoreThanThereIs) {
  const BootLogRoom room(100);
  {
    std::vector<std::unique_ptr<BootLogRoom::Share>> shares;
    for (const char* network : {"a", "b", "c", "d", "e"}) shares.push_back(room.Open(network, false));
    for (std::size_t i = 0; i < 4; ++i) EXPECT_THAT(shares[i]->Add(25), IsOk());
    EXPECT_EQ(room.taken(), 100U);
    EXPECT_THAT(shares[4]->Add(1), HasReason("boot_logs"));
    EXPECT_THAT(shares[4]->Add(0), IsOk());
    shares.erase(shares.begin());
    EXPECT_EQ(room.taken(), 75U);
    EXPECT_THAT(shares.back()->Add(25), IsOk());
  }
  EXPECT_EQ(room.taken(), 0U);
}

TEST(BootLogRoom, AShareMayOutliveIt) {
  std::unique_ptr<BootLogRoom::Share> share;
  {
    const BootLogRoom room(100);
    share = room.Open("a", false);
  }
  EXPECT_THAT(share->Add(25), IsOk());
}

}  // namespace
}  // namespace rootkeep
