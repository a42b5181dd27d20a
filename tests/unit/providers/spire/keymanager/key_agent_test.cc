// What is asked of an agent whose token has too many callers.
#include "providers/spire/keymanager/key_agent.h"

#include <gtest/gtest.h>

#include <stop_token>
#include <string_view>
#include <thread>

#include "tests/support/eventually.h"
#include "tests/support/fake_agent.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::spire {
namespace {

using keysocket::FailureCode;
using keysocket::FakeAgent;
using testing::HasCode;
using testing::IsOk;

class KeyAgentTest : public ::testing::Test {
 protected:
  // Says `times` times to come back after so long, and does then what it is asked for.
  void Refuse(int times, std::string_view reason, std::chrono::milliseconds back) {
    fake = std::make_unique<FakeAgent>(path, [times, reason, back, asked = 0](const auto& request) mutable {
      if (++asked > times) return FakeAgent::Sign(request);
      keysocket::Failure failure = keysocket::WireFailure(FailureCode::kResourceExhausted, reason, "full");
      failure.retry_ms = static_cast<std::uint32_t>(back.count());
      return FakeAgent::Octets({request.number, failure});
    });
  }
  Result<MadeSignature> Sign(const std::stop_token& gone = {}) {
    ManagedKey key;
    key.schemes = ~0U;
    return agent.Sign(key, {.size = 32}, {.deadline = After(std::chrono::hours(1)), .gone = gone});
  }

  const testing::TempDir directory;
  const std::string path = directory / "s";
  std::unique_ptr<FakeAgent> fake;
  KeyAgent agent{path, "i", std::chrono::milliseconds(0)};
};

TEST_F(KeyAgentTest, ComesBackWhenTheAgentSays) {
  Refuse(2, "queue_full", std::chrono::milliseconds(1));
  EXPECT_THAT(Sign(), IsOk());
  EXPECT_EQ(fake->requests(), 3);
}

TEST_F(KeyAgentTest, ComesBackForNobodyWhoHasGone) {
  Refuse(1, "queue_full", std::chrono::minutes(30));
  std::stop_source gone;
  std::jthread caller([&] { EXPECT_THAT(Sign(gone.get_token()), HasCode(Code::kResourceExhausted)); });
  EXPECT_TRUE(testing::Eventually([this] { return fake->requests() == 1; }));
  gone.request_stop();
  caller.join();
  EXPECT_EQ(fake->requests(), 1);
}

}  // namespace
}  // namespace rootkeep::spire
