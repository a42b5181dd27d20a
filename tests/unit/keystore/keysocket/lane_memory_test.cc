// A lane for which there is no memory, whichever piece of it. A program of its own, because it replaces operator new.
#include <cstdlib>
#include <new>

#include "keystore/keysocket/server/lane.h"
#include "tests/support/matchers.h"

namespace {

// How many pieces this thread still gets; none is counted while it is negative.
thread_local int pieces_left = -1;

}  // namespace

// Not inlined: the compiler would see malloc freed by delete, or new by free.
[[gnu::noinline]] void* operator new(std::size_t size) {
  void* memory = pieces_left == 0 ? nullptr : std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  if (pieces_left > 0) --pieces_left;
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

namespace rootkeep::keysocket {
namespace {

using TestLane = Lane<int>;

// True when that was enough; otherwise the lane is as it was.
bool EntersWith(int pieces, TestLane& lane, const void* group) {
  const Share share{.priority = Priority::kInteractive, .flow = "somebody whose name is too long for a short string"};
  const auto job = [&] { return TestLane::Job{.owner = 1, .group = group, .message = {1}, .arrived = {}}; };
  pieces_left = pieces;
  try {
    const auto mine = lane.Enter(share, group, 1, job);
    pieces_left = -1;
    EXPECT_THAT(mine, testing::IsOk());
    return true;
  } catch (const std::bad_alloc&) {
    pieces_left = -1;
    return false;
  }
}

TEST(KeySocketLaneMemory, AJobThatCannotBeQueuedIsNotQueued) {
  const int group = 0;
  int pieces = 0;
  for (bool entered = false; !entered; ++pieces) {
    TestLane lane(1, 6);
    ASSERT_TRUE(EntersWith(-1, lane, &group)) << "has the room";
    entered = EntersWith(pieces, lane, &group);
    ASSERT_EQ(lane.waiting(), entered ? 1U : 0U) << pieces;
    // Three are as many as a group may have.
    for (int i = entered ? 1 : 0; i < 3; ++i) ASSERT_TRUE(EntersWith(-1, lane, &group)) << pieces;
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(lane.Next()) << pieces;
    ASSERT_FALSE(lane.Next());
  }
  EXPECT_GT(pieces, 4) << "as many are needed at least";
}

}  // namespace
}  // namespace rootkeep::keysocket
