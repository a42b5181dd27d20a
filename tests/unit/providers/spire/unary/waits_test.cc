#include "providers/spire/unary/waits.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <memory>
#include <optional>
#include <stdexcept>

#include "keystore/base/file.h"

namespace rootkeep::spire::unary {
namespace {

class WaitsTest : public ::testing::Test {
 protected:
  WaitsTest() {
    for (Fd& event : events) event = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  }

  void Add(std::size_t which, Deadline until = Deadline::max()) {
    waits.Add(events.at(which).get(), until, [&told = told.at(which)](bool readable) {
      EXPECT_FALSE(told.has_value());
      told = readable;
    });
  }
  void Serve() {
    std::vector<pollfd> watched;
    waits.AppendTo(watched);
    ASSERT_GE(poll(watched.data(), watched.size(), 0), 0);
    waits.Serve(watched);
  }

  std::array<Fd, Waits::kMost> events;
  std::array<std::optional<bool>, Waits::kMost> told;
  Waits waits;
};

TEST_F(WaitsTest, EachIsToldOnceAndWhicheverIsReadableFirst) {
  for (std::size_t i = 0; i < 3; ++i) Add(i);
  eventfd_write(events[1].get(), 1);
  Serve();
  EXPECT_EQ(told[1], true);
  EXPECT_FALSE(told[0].has_value() || told[2].has_value());
  eventfd_write(events[0].get(), 1);
  eventfd_write(events[2].get(), 1);
  Serve();
  EXPECT_EQ(told[0], true);
  EXPECT_EQ(told[2], true);
  Serve();
}

TEST_F(WaitsTest, WhatIsNotReadableInTimeIsToldSo) {
  Add(0);
  Add(1, After(std::chrono::hours(1)));
  EXPECT_GT(waits.deadline(), After(std::chrono::minutes(59)));
  Add(2, std::chrono::steady_clock::now());
  EXPECT_LE(waits.deadline(), std::chrono::steady_clock::now());
  Serve();
  EXPECT_EQ(told[2], false);
  EXPECT_FALSE(told[0].has_value() || told[1].has_value());
}

TEST_F(WaitsTest, IsFullUntilOneIsOver) {
  for (std::size_t i = 0; i < Waits::kMost; ++i) {
    EXPECT_FALSE(waits.full());
    Add(i);
  }
  EXPECT_TRUE(waits.full());
  eventfd_write(events[0].get(), 1);
  Serve();
  EXPECT_FALSE(waits.full());
}

TEST_F(WaitsTest, OneThatThrowsIsOverAndHarmsNoOther) {
  const auto held = std::make_shared<int>();
  waits.Add(events[0].get(), Deadline::max(), [held](bool) { throw std::runtime_error("no memory"); });
  Add(1);
  eventfd_write(events[0].get(), 1);
  eventfd_write(events[1].get(), 1);
  Serve();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(told[1], true);
}

}  // namespace
}  // namespace rootkeep::spire::unary
