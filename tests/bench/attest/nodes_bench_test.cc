// The benchmark of nodes before a daemon: it measures nodes that are attested, and a refusal is no figure.
#include "tests/bench/attest/fleet.h"
#include "tests/support/matchers.h"

namespace rootkeep::bench {
namespace {

using testing::Says;

// Two nodes and two daemons, which are forked before anything opens a channel. The later one ends first, since it has
// the other's pipe too.
struct Scene {
  static config::Attestation Stricter(config::Attestation attestation) {
    attestation.groups[0].generations[0].pcrs[0] = {Bytes(32, 1)};
    return attestation;
  }
  static config::Attestation Broken(config::Attestation attestation) {
    attestation.inventory_file += ".none";
    return attestation;
  }

  Fleet fleet{2};
  Result<DaemonProcess> broken = DaemonProcess::Start(Broken(fleet.Attestation()));
  Result<DaemonProcess> daemon = DaemonProcess::Start(fleet.Attestation());
  Result<DaemonProcess> stricter = DaemonProcess::Start(Stricter(fleet.Attestation()));
};

class NodesBench : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { scene_ = std::make_unique<Scene>(); }
  static void TearDownTestSuite() { scene_.reset(); }

  inline static std::unique_ptr<Scene> scene_;
};

TEST_F(NodesBench, MeasuresNodesThatEnrolAndThatComeAgain) {
  ASSERT_THAT(scene_->daemon, testing::IsOk());
  for (const int times : {1, 2}) {
    ASSERT_OK_AND_ASSIGN(const nlohmann::json found, scene_->fleet.AttestAll(*scene_->daemon, times));
    for (const char* member : {"rate", "p50_ms", "p99_ms"}) EXPECT_GT(found.at(member).get<double>(), 0.0) << member;
    EXPECT_LE(found.at("share").get<double>(), 1.0);
  }
}

TEST_F(NodesBench, ANodeThatIsRefusedIsAnError) {
  ASSERT_THAT(scene_->stricter, testing::IsOk());
  EXPECT_THAT(scene_->fleet.AttestAll(*scene_->stricter, 1), Says("not attested"));
}

TEST_F(NodesBench, ADaemonThatDoesNotStartIsAnError) { EXPECT_THAT(scene_->broken, Says("did not start")); }

}  // namespace
}  // namespace rootkeep::bench
