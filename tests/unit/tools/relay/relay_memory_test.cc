// A relay that is short of memory at the worst moment. A program of its own, because it has an operator new of its own.
#include <string_view>
#include <thread>

#include "tests/unit/tools/relay/failing_new.h"
#include "tests/unit/tools/relay/relay_fixture.h"

namespace rootkeep::relay {
namespace {

using rootkeep::testing::AllocationFailed;
using rootkeep::testing::Eventually;
using rootkeep::testing::FailAllocationOf;
using rootkeep::testing::RelayFixture;
using enum grpc::StatusCode;

class RelayMemory : public RelayFixture {};

TEST_F(RelayMemory, ARefusalWithoutRoomForItsWordsIsOneStill) {
  constexpr std::string_view kWords = "the CA did not answer in time";
  Start({.longest = std::chrono::seconds(2)});
  ca_->Hang();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  std::jthread waiting([&] { EXPECT_EQ(Call(context).status.error_code(), UNAVAILABLE); });
  // From here on nothing happens until the time is over.
  ASSERT_TRUE(Eventually([this] { return ca_->Calls().size() == 1; }));
  FailAllocationOf(kWords.size() + 1);
  waiting.join();
  EXPECT_TRUE(AllocationFailed());
}

}  // namespace
}  // namespace rootkeep::relay
