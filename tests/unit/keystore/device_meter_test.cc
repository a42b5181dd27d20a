// Pretended devices in pretended time: what the meter makes of them.
#include "keystore/device_meter.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <queue>
#include <string>
#include <vector>

namespace rootkeep {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Time = DeviceMeter::Time;
using Duration = DeviceMeter::Duration;

constexpr DeviceWork kEc = DeviceWork::Signature(KeyType::kEcP256);
constexpr DeviceWork kRsa = DeviceWork::Signature(KeyType::kRsa2048);

// A device in which a signature takes as long as `takes` says for so many inside. Callers keep it as full as the meter
// lets them.
class Device {
 public:
  explicit Device(DeviceMeter& meter) : meter_(meter) {}

  struct Load {
    DeviceWork work;
    std::function<Duration(unsigned inside)> takes;
    Duration between = {};  // what a caller does elsewhere before; then as many callers run as the limit says
  };

  // Callers of these kinds, for so long; how many signatures were made.
  unsigned Run(const std::vector<Load>& loads, Duration duration) {
    const Time end = now_ + duration;
    unsigned made = 0;
    for (std::size_t turn = 0; now_ < end; ++turn) {
      for (std::size_t i = 0; i < loads.size(); ++i) Start(loads, (i + turn) % loads.size());
      const Event event = events_.top();
      events_.pop();
      now_ = event.at;
      if (!event.inside) {
        Enter(loads, event.load);
        continue;
      }
      const Load& load = loads[event.load];
      meter_.Left(load.work, {.entered = event.since, .left = now_, .completed = true});
      --inside_;
      --busy_[event.load];
      ++made;
    }
    // The next loads find it empty.
    for (; !events_.empty(); events_.pop()) {
      const Event& event = events_.top();
      if (event.inside) meter_.Left(loads[event.load].work, {.entered = event.since, .left = now_});
    }
    inside_ = 0;
    busy_ = {};
    return made;
  }

 private:
  // As many callers as may.
  void Start(const std::vector<Load>& loads, std::size_t at) {
    const Load& load = loads[at];
    while (load.between == Duration{} ? meter_.HasRoom(load.work) : busy_[at] < meter_.limit(load.work)) {
      ++busy_[at];
      if (load.between == Duration{}) {
        Enter(loads, at);
      } else {
        events_.push({now_ + load.between, now_, at, false});
      }
    }
  }

  void Enter(const std::vector<Load>& loads, std::size_t at) {
    meter_.Entered(loads[at].work, now_);
    ++inside_;
    events_.push({now_ + loads[at].takes(inside_), now_, at, true});
  }

  struct Event {
    Time at;
    Time since;
    std::size_t load;
    bool inside;
    bool operator>(const Event& other) const { return at > other.at; }
  };
  DeviceMeter& meter_;
  Time now_{seconds(1)};
  unsigned inside_ = 0;
  std::array<unsigned, 2> busy_{};
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
};

// `workers` that take this time each; more than that wait inside.
auto Workers(unsigned workers, Duration each) {
  return [workers, each](unsigned inside) { return inside <= workers ? each : each * inside / workers; };
}

// One at a time; more get into each other's way.
auto Contended(Duration each) {
  return [each](unsigned inside) { return each * inside + each * (inside - 1) / 4; };
}

struct Slots {
  unsigned slots;
  milliseconds each;
  seconds within;
};

class DistantDevice : public ::testing::TestWithParam<Slots> {};

TEST_P(DistantDevice, IsUsedToItsLastSlot) {
  const auto& [slots, each, within] = GetParam();
  DeviceMeter meter({.max_concurrency = 64});
  Device device(meter);
  device.Run({{kEc, Workers(slots, each)}}, within);
  EXPECT_LE(meter.limit(kEc), 2 * slots);
  // What trials of other limits cost is in it.
  const auto made = device.Run({{kEc, Workers(slots, each)}}, 100 * each);
  EXPECT_GE(made, 0.95 * 100 * slots);
}

INSTANTIATE_TEST_SUITE_P(
    Slots, DistantDevice,
    ::testing::Values(Slots{1, milliseconds(200), seconds(30)}, Slots{2, milliseconds(200), seconds(30)},
                      Slots{16, milliseconds(200), seconds(30)}, Slots{64, milliseconds(200), seconds(30)},
                      Slots{4, milliseconds(70), seconds(15)}, Slots{64, milliseconds(70), seconds(15)},
                      Slots{4, milliseconds(5), seconds(5)}, Slots{32, milliseconds(5), seconds(5)}),
    [](const auto& param) {
      return std::to_string(param.param.slots) + "of" + std::to_string(param.param.each.count()) + "ms";
    });

TEST(DeviceMeter, LosesNextToNothingByTrying) {
  DeviceMeter meter({.max_concurrency = 64});
  Device device(meter);
  device.Run({{kEc, Workers(4, milliseconds(5))}}, seconds(5));
  const unsigned made = device.Run({{kEc, Workers(4, milliseconds(5))}}, seconds(20));
  EXPECT_GE(made, 0.98 * 20 * 4 * 200);
}

TEST(DeviceMeter, FindsAConcurrencyForEachTypeOfKey) {
  DeviceMeter meter({.max_concurrency = 16});
  Device device(meter);
  device.Run({{kEc, Contended(microseconds(50))}}, seconds(5));
  device.Run({{kRsa, Workers(2, microseconds(600))}}, seconds(5));
  EXPECT_EQ(meter.limit(kEc), 1U);
  EXPECT_GE(meter.limit(kRsa), 2U);
  EXPECT_LE(meter.limit(kRsa), 3U);
}

// Each type counts what all do. By its own count alone, either would gain from crowding out the other.
TEST(DeviceMeter, TypesThatShareADeviceDoNotOutgrowIt) {
  DeviceMeter meter({.max_concurrency = 64});
  Device device(meter);
  const auto takes = Workers(8, milliseconds(5));
  device.Run({{kEc, takes}, {kRsa, takes}}, seconds(20));
  const unsigned together = std::max(meter.limit(kEc), meter.limit(kRsa));
  EXPECT_GE(together, 7U);
  EXPECT_LE(together, 16U);
  EXPECT_GE(device.Run({{kEc, takes}, {kRsa, takes}}, seconds(10)), 0.95 * 10 * 8 * 200);
}

TEST(DeviceMeter, ManagementGoesBesideSignatures) {
  DeviceMeter meter({});
  const Time now{seconds(1)};
  meter.Entered(kEc, now);
  EXPECT_FALSE(meter.HasRoom(kEc));
  EXPECT_FALSE(meter.HasRoom(kRsa)) << "types of keys share the device";
  EXPECT_TRUE(meter.HasRoom(DeviceWork::Management()));
}

TEST(DeviceMeter, NothingExceedsTheDevicesSessions) {
  DeviceMeter meter({.max_concurrency = 16});
  Device device(meter);
  device.Run({{kEc, Workers(8, milliseconds(5))}}, seconds(5));
  ASSERT_GE(meter.limit(kEc), 8U);
  meter.SetCapacity({.sessions = 3});
  EXPECT_EQ(meter.limit(kEc), 3U);
  Device again(meter);
  unsigned most = 0;
  again.Run({{kEc,
              [&most](unsigned inside) {
                most = std::max(most, inside);
                return Duration(milliseconds(5));
              }}},
            seconds(2));
  EXPECT_EQ(most, 3U);
}

// However much they seem to bring: beside other busy threads each takes a share of the processors.
TEST(DeviceMeter, ADeviceThatComputesHereGetsNoMoreThanTheProcessors) {
  DeviceMeter meter({.max_concurrency = 16, .processors = 2});
  meter.SetCapacity({.sessions = 16, .computes_here = true});
  Device device(meter);
  device.Run({{kEc, Workers(8, milliseconds(5))}}, seconds(5));
  EXPECT_EQ(meter.limit(kEc), 2U);
  meter.SetCapacity({.sessions = 16});
  Device again(meter);
  again.Run({{kEc, Workers(8, milliseconds(5))}}, seconds(30));
  EXPECT_GE(meter.limit(kEc), 8U);
}

// More signers than processors would only be served before everything else that wants these.
TEST(DeviceMeter, WhatADeviceGainsByComputingForMoreIsNotEnoughBeyondTheProcessors) {
  DeviceMeter meter({.max_concurrency = 16, .processors = 2});
  Device device(meter);
  const auto takes = [](unsigned inside) {
    return duration_cast<Duration>(microseconds(600) * inside / (2 + 0.1 * inside));
  };
  device.Run({{kRsa, takes}}, seconds(20));
  EXPECT_LE(meter.limit(kRsa), 3U);
  device.Run({{kRsa, Workers(8, milliseconds(1))}}, seconds(5));
  EXPECT_GE(meter.limit(kRsa), 8U) << "it was replaced by one that does not compute here";
}

TEST(DeviceMeter, DoesNotGrowForCallersWhoAskForNoMore) {
  DeviceMeter meter({});
  Device device(meter);
  device.Run({{.work = kEc, .takes = Workers(4, milliseconds(1)), .between = milliseconds(3)}}, seconds(5));
  EXPECT_EQ(meter.limit(kEc), 1U);
}

TEST(DeviceMeter, ADeviceThatHasTimeTakesAsManyAsThereAreProcessors) {
  DeviceMeter meter({.max_concurrency = 16, .processors = 4});
  meter.SetCapacity({.sessions = 16, .computes_here = true});
  Device device(meter);
  const auto alone = Contended(microseconds(50));
  EXPECT_EQ(meter.room(kEc), 1U) << "before anything was seen";

  device.Run({{kEc, alone, microseconds(350)}}, seconds(1));
  EXPECT_EQ(meter.room(kEc), 4U);
  EXPECT_EQ(meter.limit(kEc), 1U);
  meter.SetCapacity({.sessions = 2, .computes_here = true});
  EXPECT_EQ(meter.room(kEc), 2U) << "never more than it has sessions";

  device.Run({{kEc, alone}}, seconds(1));
  EXPECT_EQ(meter.room(kEc), 1U) << "used to its limit, it does most with one";
}

TEST(DeviceMeter, ADeviceThatUsesAllProcessorsHasAPlaceForAllOfACaller) {
  DeviceMeter meter({.max_concurrency = 16, .processors = 2});
  meter.SetCapacity({.sessions = 12, .computes_here = true});
  EXPECT_EQ(meter.places(kEc), 1U) << "that it gains by the second processor is not known yet";
  Device device(meter);
  device.Run({{kEc, Workers(2, milliseconds(5))}}, seconds(5));
  ASSERT_EQ(meter.limit(kEc), 2U);
  EXPECT_EQ(meter.places(kEc), 12U);
  EXPECT_EQ(meter.places(DeviceWork::Management()), meter.room(DeviceWork::Management()));
  meter.SetCapacity({.sessions = 12});
  EXPECT_EQ(meter.places(kEc), 2U);
}

TEST(DeviceMeter, SharedProcessorsDoNotMakeADeviceSlower) {
  DeviceMeter meter({.processors = 1});
  meter.SetCapacity({.sessions = 16, .computes_here = true});
  Time now{seconds(1)};
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 8; ++i) meter.Entered(kEc, now);
    EXPECT_TRUE(meter.IsOverfull(kEc));
    EXPECT_TRUE(meter.HasPlace(kEc));
    const auto known = duration_cast<milliseconds>(meter.time(kEc));
    EXPECT_EQ(known, milliseconds(round == 0 ? 0 : 1));
    // One after the other leaves, and each has had its part of what came before.
    for (int i = 0; i < 8; ++i) {
      meter.Left(kEc, {.entered = now, .left = now + milliseconds(8 - i), .completed = true});
    }
    now += milliseconds(8);
  }
}

TEST(DeviceMeter, KnowsHowLongWorkTakes) {
  DeviceMeter meter({});
  EXPECT_EQ(meter.time(kEc), Duration(0));
  Time now{seconds(1)};
  const auto stay = [&](Duration held) {
    meter.Entered(kEc, now);
    meter.Left(kEc, {.entered = now, .left = now + held, .completed = true});
    now += held;
  };
  stay(milliseconds(10));
  EXPECT_EQ(duration_cast<milliseconds>(meter.time(kEc)), milliseconds(10));
  stay(seconds(30));  // hung
  EXPECT_LT(meter.time(kEc), milliseconds(12));
  for (int i = 0; i < 40; ++i) stay(milliseconds(40));
  EXPECT_GT(meter.time(kEc), milliseconds(35));
  EXPECT_EQ(meter.time(kRsa), Duration(0));
}

TEST(DeviceMeter, FailuresSayNothingAboutTheDevicesSpeed) {
  DeviceMeter meter({});
  Time now{seconds(1)};
  meter.Entered(kEc, now);
  meter.Left(kEc, {.entered = now, .left = now + milliseconds(10)});
  EXPECT_EQ(meter.time(kEc), Duration(0));
  EXPECT_TRUE(meter.HasRoom(kEc));
}

}  // namespace
}  // namespace rootkeep
