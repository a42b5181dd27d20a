// Told while a token fills up, which is made to say so here.
#include "tools/rootkeep-agent/space_watch.h"

#include "tests/support/matchers.h"

namespace rootkeep::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class FillingStore final : public KeyStore, public SpaceProbe {
 public:
  Result<std::shared_ptr<const Signer>> Open(const KeyUri& /*uri*/, Deadline /*deadline*/) override {
    return NotFound("no keys here");
  }
  Result<KeyInfo> Create(const KeySpec& /*spec*/, Deadline /*deadline*/) override { return NotFound("no keys here"); }
  Result<std::vector<KeyInfo>> List(Deadline /*deadline*/) override { return std::vector<KeyInfo>(); }
  SpaceProbe* space() override { return this; }
  Result<std::optional<DeviceSpace>> Space(Deadline /*deadline*/) override { return says; }

  Result<std::optional<DeviceSpace>> says = std::optional<DeviceSpace>();
};

class Told final : public HardwareReports {
 public:
  void Answered(const std::string& /*name*/, const std::string& /*component*/, const Status& /*status*/) override {}
  void Warn(const std::string& component, const std::string& reason) override { warning = component + ": " + reason; }
  void Remove(const std::string& /*component*/) override { warning.clear(); }
  void SetKeys(const std::string& /*token*/, std::string_view /*state*/, std::size_t /*count*/) override {}
  void SetKeyCatalogueReadable(bool /*readable*/) override {}

  std::string warning;
};

class SpaceWatchTest : public ::testing::Test {
 protected:
  void Look(const Result<std::optional<DeviceSpace>>& says) {
    store.says = says;
    watch.Look("node", store);
  }
  static std::optional<DeviceSpace> Space(std::uint64_t free, std::uint64_t total) {
    return DeviceSpace{.free = free, .total = total};
  }

  Told told;
  AgentMetrics metrics{AgentConfig{}};
  FillingStore store;
  SpaceWatch watch{told, metrics};
};

TEST_F(SpaceWatchTest, WarnsBeforeThereIsNoRoom) {
  Look(Space(200, 2000));
  EXPECT_THAT(told.warning, IsEmpty());
  Look(Space(199, 2000));
  EXPECT_EQ(told.warning, "space of token node: 199 of 2000 octets are free for keys");
  EXPECT_THAT(metrics.Scrape(0, 0), HasSubstr("rootkeep_token_free_octets{token=\"node\"} 199\n"));
  EXPECT_THAT(metrics.Scrape(0, 0), HasSubstr("rootkeep_token_total_octets{token=\"node\"} 2000\n"));
  Look(Unavailable("it is away"));
  EXPECT_THAT(told.warning, Not(IsEmpty())) << "nobody knows better";
  Look(Space(1000, 2000));
  EXPECT_THAT(told.warning, IsEmpty());
}

TEST_F(SpaceWatchTest, ALittleOfALotIsEnough) {
  Look(Space(1 << 20, 1ULL << 40));
  EXPECT_THAT(told.warning, IsEmpty());
  Look(Space((1 << 20) - 1, 1ULL << 40));
  EXPECT_THAT(told.warning, Not(IsEmpty()));
}

TEST_F(SpaceWatchTest, IsQuietAboutTokensThatDoNotSay) {
  Look(std::optional<DeviceSpace>());
  EXPECT_THAT(told.warning, IsEmpty());
  EXPECT_THAT(metrics.Scrape(0, 0), Not(HasSubstr("rootkeep_token_free_octets{")));
}

}  // namespace
}  // namespace rootkeep::agent
