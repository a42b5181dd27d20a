#include "keystore/device_queue.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/unit/keystore/device_queue_callers.h"

namespace rootkeep {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using testing::Eventually;
using testing::HasCode;
using testing::HasReason;
using testing::Held;
using testing::Hold;
using testing::IsOk;
using testing::kEc;
using testing::kNobody;
using testing::kRsa;
using testing::Request;
using testing::Soon;
using testing::Waiting;

TEST(DeviceQueue, LetsOneInAtFirst) {
  DeviceQueue queue;
  EXPECT_EQ(queue.limit(kEc), 1U);
  const auto first = queue.Admit(Soon());
  ASSERT_THAT(first, IsOk());
  const auto second = queue.Admit(Request(After(milliseconds(20))));
  EXPECT_THAT(second, HasCode(Code::kUnavailable));
  EXPECT_THAT(second, HasReason("deadline"));
}

TEST(DeviceQueue, NeverAdmitsAfterTheDeadline) {
  DeviceQueue queue;
  EXPECT_THAT(queue.Admit(Request(std::chrono::steady_clock::now())), HasReason("deadline"));
}

// The device is seen to take so long, without anybody waiting for it.
void Teach(DeviceQueue& queue, milliseconds each) {
  auto ticket = queue.Admit(Soon());
  ASSERT_THAT(ticket, IsOk());
  ticket->Completed(std::chrono::steady_clock::now() + each);
}

TEST(DeviceQueue, GivesTheTicketToWhoeverWaits) {
  DeviceQueue queue;
  Held held = Hold(queue);
  Waiting waiting(queue);
  waiting.Add("waiter", {});
  held.reset();
  EXPECT_THAT(waiting.Order(), ElementsAre("waiter"));
  EXPECT_THAT(queue.Admit(Soon()), IsOk());
}

TEST(DeviceQueue, ServesUrgentWorkBeforeBulk) {
  DeviceQueue queue;
  Held held = Hold(queue);
  Waiting waiting(queue);
  waiting.Add("bulk", {.priority = Priority::kBulk, .flow = "a"});
  waiting.Add("issuance", {.priority = Priority::kIssuance, .flow = "b"});
  waiting.Add("interactive", {.priority = Priority::kInteractive, .flow = "c"});
  held.reset();
  EXPECT_THAT(waiting.Order(), ElementsAre("interactive", "issuance", "bulk"));
}

TEST(DeviceQueue, NobodyLessUrgentOvertakesWhoWaits) {
  DeviceQueue queue;
  Held held = Hold(queue);
  Waiting waiting(queue);
  waiting.Add("interactive", {.priority = Priority::kInteractive, .flow = "a"});
  // This thread comes back for the ticket at once, over and over, as it may when it is no less urgent.
  const Share bulk{.priority = Priority::kBulk, .flow = "b"};
  held.reset();
  const auto ticket = queue.Admit(Request(After(seconds(10)), kEc, bulk));
  EXPECT_THAT(ticket, IsOk());
  EXPECT_THAT(waiting.Order(), ElementsAre("interactive"));
  EXPECT_EQ(queue.waiting(), 0U);
}

TEST(DeviceQueue, CallersTakeTurns) {
  DeviceQueue queue;
  Held held = Hold(queue);
  Waiting waiting(queue);
  for (int i = 0; i < 5; ++i) waiting.Add("much", {.flow = "much"});
  waiting.Add("little", {.flow = "little"});
  held.reset();
  const auto order = waiting.Order();
  EXPECT_EQ(std::ranges::find(order, "little") - order.begin(), 1);
}

// Who comes back at once may go before its own others for long, and before other callers only for a turn.
TEST(DeviceQueue, ACallerWhoKeepsComingHoldsUpNoOtherCaller) {
  constexpr milliseconds kTurn{50};
  DeviceQueue queue({.meter = {}, .turn = kTurn, .own_turn = std::chrono::hours(24 * 365)});
  const Share busy{.flow = "busy"};
  const auto enter = [&] {
    return std::make_unique<Result<DeviceQueue::Ticket>>(queue.Admit(Request(After(seconds(10)), kEc, busy)));
  };
  Held ticket = enter();
  Waiting waiting(queue);
  waiting.Add("first", {.flow = "other"});
  ticket.reset();  // whose turn begins before...
  EXPECT_THAT(waiting.Order(), ElementsAre("first"));
  const auto turn_began = std::chrono::steady_clock::now();
  ticket = enter();
  waiting.Add("second", {.flow = "other"});
  for (bool over = false; !over; ticket = enter()) {
    // The device is seldom free for long enough that somebody who looks by chance could take it.
    for (const Deadline done = After(std::chrono::microseconds(50)); std::chrono::steady_clock::now() < done;) {
    }
    over = std::chrono::steady_clock::now() - turn_began >= 2 * kTurn;
    ticket.reset();
    EXPECT_TRUE(!over || queue.waiting() == 0);
  }
  ticket.reset();
  EXPECT_THAT(waiting.Order(), ElementsAre("first", "second"));
}

TEST(DeviceQueue, ACallersOwnTakeTurnsToo) {
  DeviceQueue queue({.meter = {}, .own_turn = milliseconds(5)});
  Held ticket = Hold(queue);
  Waiting waiting(queue);
  waiting.Add("1", kNobody);
  waiting.Add("2", kNobody);
  EXPECT_TRUE(Eventually([&] {
    ticket.reset();
    ticket = Hold(queue);
    return queue.waiting() == 0;
  }));
  ticket.reset();
  EXPECT_THAT(waiting.Order(), ElementsAre("1", "2"));
}

// While the turn, which is for others, goes on for ever. Whoever was only woken to look for a ticket has not taken it
// yet when this thread looks; so often at least once.
TEST(DeviceQueue, ACallersOwnAreHeldUpForItsOwnTurnAlone) {
  DeviceQueue queue({.meter = {}, .turn = std::chrono::hours(24 * 365), .own_turn = milliseconds(0)});
  for (int round = 0; round < 30; ++round) {
    Held ticket = Hold(queue);
    Waiting waiting(queue);
    waiting.Add("own", kNobody);
    ticket.reset();
    EXPECT_EQ(queue.waiting(), 0U) << "the ticket was given with its return, in round " << round;
    EXPECT_THAT(waiting.Order(), ElementsAre("own"));
  }
}

TEST(DeviceQueue, RefusesAtOnceWhenTooManyWaitAndSaysWhenToComeBack) {
  DeviceQueue queue({.meter = {}, .max_waiting = 0});
  Teach(queue, milliseconds(70));
  const Held first = Hold(queue);
  const auto refused = queue.Admit(Soon());
  EXPECT_THAT(refused, HasCode(Code::kResourceExhausted));
  EXPECT_THAT(refused, HasReason("queue_full"));
  ASSERT_TRUE(refused.error().retry_after());
  EXPECT_GE(*refused.error().retry_after(), milliseconds(70));
  EXPECT_LE(*refused.error().retry_after(), milliseconds(80));
}

TEST(DeviceQueue, BulkAndASingleCallerMayTakeHalfOfThePlaces) {
  DeviceQueue queue({.meter = {}, .max_waiting = 4});
  Held held = Hold(queue);
  Waiting waiting(queue);
  const Share bulk{.priority = Priority::kBulk, .flow = "b"};
  waiting.Add("1", {.flow = "a"});
  waiting.Add("2", {.flow = "a"});
  EXPECT_THAT(queue.Admit(Request(After(seconds(10)), kEc, {.flow = "a"})), HasReason("queue_full"));
  EXPECT_THAT(queue.Admit(Request(After(seconds(10)), kEc, bulk)), HasReason("queue_full"));
  waiting.Add("3", {.flow = "b"});
  waiting.Add("4", {.flow = "c"});
  EXPECT_THAT(queue.Admit(Request(After(seconds(10)), kEc, {.flow = "d"})), HasReason("queue_full"));
  held.reset();
  EXPECT_EQ(waiting.Order().size(), 4U);
}

TEST(DeviceQueue, RefusesAtOnceWhoCannotBeServedInTime) {
  DeviceQueue queue;
  Teach(queue, milliseconds(500));
  Held held = Hold(queue);
  Waiting waiting(queue);
  waiting.Add("1", {.flow = "a"});
  waiting.Add("2", {.flow = "b"});
  const auto began = std::chrono::steady_clock::now();
  const auto refused = queue.Admit(Request(began + milliseconds(900), kEc, {.flow = "c"}));
  EXPECT_THAT(refused, HasCode(Code::kResourceExhausted));
  EXPECT_THAT(refused, HasReason("queue_too_long"));
  ASSERT_TRUE(refused.error().retry_after());
  EXPECT_GE(*refused.error().retry_after(), milliseconds(100));
  EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(400)) << "did not wait for it";
  held.reset();
  EXPECT_EQ(waiting.Order().size(), 2U);
}

TEST(DeviceQueue, DoesNotRefuseUrgentWorkForBulkThatWaits) {
  DeviceQueue queue;
  Teach(queue, seconds(5));
  Held held = Hold(queue);
  Waiting waiting(queue);
  for (int i = 0; i < 3; ++i) waiting.Add("bulk", {.priority = Priority::kBulk, .flow = std::to_string(i)});
  // Its deadline is long before the end of what waits.
  waiting.Add("interactive", {.priority = Priority::kInteractive, .flow = "x"});
  held.reset();
  EXPECT_EQ(waiting.Order().front(), "interactive");
}

TEST(DeviceQueue, HasRoomAgainAfterAWaiterGaveUp) {
  DeviceQueue queue({.meter = {}, .max_waiting = 2});
  {
    const Held first = Hold(queue);
    for (int i = 0; i < 5; ++i) EXPECT_THAT(queue.Admit(Request(After(milliseconds(5)))), HasReason("deadline"));
  }
  EXPECT_EQ(queue.waiting(), 0U);
  EXPECT_THAT(queue.Admit(Request(After(seconds(1)))), IsOk());
}

TEST(DeviceQueue, WorkOfOneKindDoesNotHoldUpWorkOfAnother) {
  DeviceQueue queue;
  Held signature = Hold(queue, kRsa);
  Waiting waiting(queue);
  waiting.Add("signature", {}, kEc);
  EXPECT_THAT(queue.Admit(Soon(DeviceWork::Management())), IsOk()) << "though a signature came before";
  EXPECT_EQ(queue.waiting(), 1U);
  signature.reset();
  EXPECT_THAT(waiting.Order(), ElementsAre("signature"));
}

TEST(DeviceQueue, KeepsToTheDevicesSessions) {
  DeviceQueue queue;
  queue.SetCapacity({.sessions = 1});
  Held manager = Hold(queue, DeviceWork::Management());
  EXPECT_THAT(queue.Admit(Request(After(milliseconds(5)))), HasReason("deadline"));
  Waiting waiting(queue);
  waiting.Add("signature", {});
  queue.SetCapacity({.sessions = 2});
  EXPECT_THAT(waiting.Order(), ElementsAre("signature"));
}

TEST(DeviceQueue, SaysHowLongACallerWaited) {
  DeviceQueue queue;
  {
    const auto first = queue.Admit(Soon());
    EXPECT_EQ(first->waited().count(), 0);
  }
  Held held = Hold(queue);
  std::chrono::nanoseconds waited{0};
  std::jthread waiter([&] {
    const auto ticket = queue.Admit(Soon());
    if (ticket.ok()) waited = ticket->waited();
  });
  ASSERT_TRUE(Eventually([&] { return queue.waiting() == 1; }));
  const auto seen = std::chrono::steady_clock::now();
  ASSERT_TRUE(Eventually([&] { return std::chrono::steady_clock::now() - seen > milliseconds(20); }));
  held.reset();
  waiter.join();
  EXPECT_GE(waited, milliseconds(20));
}

}  // namespace
}  // namespace rootkeep
