#include <gmock/gmock.h>

#include <memory>
#include <vector>

#include "keystore/device_queue.h"
#include "tests/support/matchers.h"
#include "tests/unit/keystore/device_queue_callers.h"

namespace rootkeep {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using testing::HasReason;
using testing::Held;
using testing::Hold;
using testing::IsOk;
using testing::kEc;
using testing::kNobody;
using testing::Request;
using testing::Waiting;

// On a device that computes on the one processor here, and has four sessions.
class SharedProcessor : public ::testing::Test {
 protected:
  SharedProcessor() { queue_.SetCapacity({.sessions = 4, .computes_here = true}); }

  Held Enter(const Share& share) {
    return std::make_unique<Result<DeviceQueue::Ticket>>(queue_.Admit(Request(After(seconds(10)), kEc, share)));
  }

  DeviceQueue queue_{{.meter = {.processors = 1}, .alone_after = milliseconds(0)}};
  const Share own_{.flow = "own"};
};

TEST_F(SharedProcessor, HasRoomForAllOfACallerWhoIsAlone) {
  std::vector<Held> inside;
  for (int i = 0; i < 4; ++i) inside.push_back(Enter(own_));
  Waiting waiting(queue_);
  waiting.Add("own", own_);
  EXPECT_EQ(queue_.limit(kEc), 1U);
  inside.pop_back();
  EXPECT_THAT(waiting.Order(), ElementsAre("own"));
}

TEST_F(SharedProcessor, HasNoRoomForAnotherCallerBesideOne) {
  const Held inside = Enter(own_);
  const auto other = queue_.Admit(Request(After(milliseconds(20)), kEc, {.flow = "other"}));
  EXPECT_THAT(other, HasReason("deadline"));
}

TEST_F(SharedProcessor, IsSharedNoMoreWhenAnotherCallerWaits) {
  std::vector<Held> inside;
  for (int i = 0; i < 3; ++i) inside.push_back(Enter(own_));
  Waiting waiting(queue_);
  waiting.Add("other", {.flow = "other"});
  waiting.Add("own", own_);  // although there is a session for it
  inside.clear();
  EXPECT_THAT(waiting.Order(), ElementsAre("other", "own"));
}

TEST_F(SharedProcessor, IsNotSharedBesideAnotherCallersWork) {
  const auto listing = queue_.Admit(Request(After(seconds(10)), DeviceWork::Management(), {.flow = "other"}));
  const Held inside = Enter(own_);
  EXPECT_THAT(queue_.Admit(Request(After(milliseconds(20)), kEc, own_)), HasReason("deadline"));
}

// Other work would be kept out for as long as its caller comes back for signatures.
TEST(DeviceQueue, WhoWaitsForOtherWorkTooDoesNotShareProcessors) {
  constexpr std::chrono::hours kForEver{24 * 365};
  DeviceQueue queue(
      {.meter = {.processors = 1}, .turn = kForEver, .own_turn = kForEver, .alone_after = milliseconds(0)});
  queue.SetCapacity({.sessions = 4, .computes_here = true});
  std::vector<Held> inside;
  for (int i = 0; i < 4; ++i) inside.push_back(Hold(queue));
  Waiting waiting(queue);
  waiting.Add("listing", kNobody, DeviceWork::Management());
  inside.pop_back();
  inside.push_back(Hold(queue));
  EXPECT_EQ(queue.waiting(), 0U);
  EXPECT_THAT(waiting.Order(), ElementsAre("listing"));
}

TEST_F(SharedProcessor, IsNotSharedForBulkWork) {
  const Held inside = Enter(own_);
  const auto bulk =
      queue_.Admit(Request(After(milliseconds(20)), kEc, {.priority = Priority::kBulk, .flow = own_.flow}));
  EXPECT_THAT(bulk, HasReason("deadline"));
}

// Who works with pauses would find the device full of another's each time.
TEST(DeviceQueue, NobodyIsAloneSoonAfterAnotherCaller) {
  DeviceQueue queue({.meter = {.processors = 1}, .alone_after = std::chrono::hours(24)});
  queue.SetCapacity({.sessions = 4, .computes_here = true});
  const Share own{.flow = "own"};
  (void)queue.Admit(Request(After(seconds(10)), kEc, {.flow = "other"}));
  const auto first = queue.Admit(Request(After(seconds(10)), kEc, own));
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(queue.Admit(Request(After(milliseconds(20)), kEc, own)), HasReason("deadline"));
}

// A place is not passed on at once, however long it was held: that may have been for want of a processor. Whoever was
// woken to look for it has not taken it yet when this thread looks; so often at least once.
TEST(DeviceQueue, WhoSharesProcessorsMayComeBackFirst) {
  DeviceQueue queue({.meter = {.processors = 1},
                     .turn = milliseconds(0),
                     .own_turn = std::chrono::hours(24 * 365),
                     .alone_after = milliseconds(0)});
  queue.SetCapacity({.sessions = 3, .computes_here = true});
  std::size_t waited = 0;
  for (int round = 0; round < 30; ++round) {
    std::vector<Held> inside;
    for (int i = 0; i < 3; ++i) inside.push_back(Hold(queue));
    Waiting waiting(queue);
    waiting.Add("own", kNobody);
    inside.pop_back();
    waited += queue.waiting();
    inside.clear();
    EXPECT_THAT(waiting.Order(), ElementsAre("own"));
  }
  EXPECT_GT(waited, 0U);
}

}  // namespace
}  // namespace rootkeep
