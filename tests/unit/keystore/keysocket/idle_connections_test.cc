#include "keystore/keysocket/wire/idle_connections.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace rootkeep::keysocket {
namespace {

struct Pair {
  Pair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0); }
  ~Pair() { close(ends[1]); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  std::array<int, 2> ends{};
};

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

TEST(IdleConnections, GivesBackWhatItKeeps) {
  IdleConnections idle;
  Connection out;
  EXPECT_FALSE(idle.Take(out));
  const Pair pair;
  idle.Keep(Connection(pair.ends[0]));
  ASSERT_TRUE(idle.Take(out));
  EXPECT_EQ(out.fd(), pair.ends[0]);
  EXPECT_FALSE(idle.Take(out));
}

using Two = std::array<int, 2>;

// Two that this process may use and whose places differ.
std::optional<Two> TwoProcessors() {
  cpu_set_t set{};
  if (sched_getaffinity(0, sizeof set, &set) != 0) return std::nullopt;
  std::optional<int> first;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (!CPU_ISSET(i, &set)) continue;
    if (!first) first = i;
    if ((i - *first) % static_cast<int>(IdleConnections::kMost) != 0) return Two{*first, i};
  }
  return std::nullopt;
}

// Moves the caller. False when the system does not, or says otherwise.
bool RunOn(int processor) {
  cpu_set_t set{};
  CPU_SET(processor, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0 && sched_getcpu() == processor;
}

// Keeps a connection on each of the two, in this order. Where the one was kept that is taken first on `taken_on`.
std::optional<int> TakenFirst(const Two& kept_on, int taken_on) {
  IdleConnections idle;
  const std::array<Pair, 2> pairs;
  for (std::size_t i = 0; i < kept_on.size(); ++i) {
    Connection connection(pairs[i].ends[0]);
    if (!RunOn(kept_on[i])) return std::nullopt;
    idle.Keep(std::move(connection));
  }
  Connection first;
  Connection second;
  if (!RunOn(taken_on)) return std::nullopt;
  EXPECT_TRUE(idle.Take(first) && idle.Take(second)) << "whatever there is, when nothing more was kept there";
  return first.fd() == pairs[0].ends[0] ? kept_on[0] : kept_on[1];
}

TEST(IdleConnections, GivesFirstWhatWasKeptOnTheCallersProcessor) {
  const auto processors = TwoProcessors();
  if (!processors) GTEST_SKIP() << "this process may use one processor only";
  const auto [a, b] = *processors;
  bool moves = true;
  // A thread of its own, so that the others' processors stay as they are.
  std::jthread([&] {
    if (moves = RunOn(a) && RunOn(b); !moves) return;
    for (const Two& kept_on : {Two{a, b}, Two{b, a}}) {
      for (const int taken_on : kept_on) EXPECT_EQ(TakenFirst(kept_on, taken_on), taken_on) << kept_on[0];
    }
  }).join();
  if (!moves) GTEST_SKIP() << "this process may not choose its processor";
}

class FullIdleConnections : public ::testing::Test {
 protected:
  void SetUp() override {
    for (std::size_t i = 0; i < IdleConnections::kMost; ++i) {
      pairs_.push_back(std::make_unique<Pair>());
      idle_.Keep(Connection(pairs_.back()->ends[0]));
    }
  }

  std::vector<std::unique_ptr<Pair>> pairs_;
  IdleConnections idle_;
};

TEST_F(FullIdleConnections, CloseWhatTheyHaveNoPlaceFor) {
  const Pair pair;
  idle_.Keep(Connection(pair.ends[0]));
  EXPECT_FALSE(IsOpen(pair.ends[0]));
  EXPECT_TRUE(IsOpen(pairs_.front()->ends[0]));
  idle_.CloseAll();
  EXPECT_FALSE(IsOpen(pairs_.front()->ends[0]));
}

TEST_F(FullIdleConnections, LeaveAloneWhatTookAConnectionsNumberDuringItsCall) {
  const Pair pair;
  Connection connection(pair.ends[0]);
  ASSERT_EQ(dup3(pair.ends[1], pair.ends[0], O_CLOEXEC), pair.ends[0]);
  idle_.Keep(std::move(connection));
  EXPECT_TRUE(IsOpen(pair.ends[0]));
  close(pair.ends[0]);
}

// False when this process may not become one.
bool BecomeAnotherUser() {
  // Who is not root is nobody in a user namespace of his own.
  return (geteuid() == 0 ? seteuid(65534) : unshare(CLONE_NEWUSER)) == 0;
}

// What `work` returns in a process of its own.
int InAChild(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child == 0) _exit(work());
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

constexpr int kRight = 0;
constexpr int kWrong = 1;
constexpr int kCannotTell = 2;  // this test needs root, or user namespaces

// Who connected as root and is a service's user now is to be seen as that.
TEST(IdleConnections, AreOfNoUseToAnotherUser) {
  EXPECT_EQ(InAChild([] {
              IdleConnections idle;
              const Pair pair;
              idle.Keep(Connection(pair.ends[0]));
              if (!BecomeAnotherUser()) return kCannotTell;
              Connection out;
              return idle.Take(out) || IsOpen(pair.ends[0]) ? kWrong : kRight;
            }),
            kRight);
}

TEST(IdleConnections, AreOfWhoConnectedNotOfWhoKeptThem) {
  EXPECT_EQ(InAChild([] {
              IdleConnections idle;
              const Pair pair;
              Connection connection(pair.ends[0]);
              if (!BecomeAnotherUser()) return kCannotTell;
              idle.Keep(std::move(connection));
              Connection out;
              return idle.Take(out) || IsOpen(pair.ends[0]) ? kWrong : kRight;
            }),
            kRight);
}

TEST(IdleConnections, LeavesAloneAFileThatHasTheNumberOfAConnection) {
  IdleConnections idle;
  const Pair pair;
  const Pair other;
  idle.Keep(Connection(pair.ends[0]));
  // As a program does that closes all files and opens its own.
  ASSERT_EQ(dup3(other.ends[0], pair.ends[0], O_CLOEXEC), pair.ends[0]);
  Connection out;
  EXPECT_FALSE(idle.Take(out));
  EXPECT_TRUE(IsOpen(pair.ends[0]));
  idle.Keep(Connection(other.ends[0]));
  ASSERT_EQ(dup3(pair.ends[1], other.ends[0], O_CLOEXEC), other.ends[0]);
  idle.CloseAll();
  EXPECT_TRUE(IsOpen(other.ends[0]));
  close(pair.ends[0]);
  close(other.ends[0]);
}

TEST(IdleConnections, LeavesAloneWhatTookAConnectionsNumberDuringItsCall) {
  IdleConnections idle;
  const Pair pair;
  const Pair other;
  Connection connection(pair.ends[0]);
  ASSERT_EQ(dup3(other.ends[0], pair.ends[0], O_CLOEXEC), pair.ends[0]);
  idle.Keep(std::move(connection));
  Connection out;
  EXPECT_FALSE(idle.Take(out));
  EXPECT_TRUE(IsOpen(pair.ends[0]));
  close(pair.ends[0]);
  close(other.ends[0]);
}

TEST(IdleConnections, AChildDoesNotUseItsParents) {
  IdleConnections idle;
  const Pair pair;
  idle.Keep(Connection(pair.ends[0]));
  EXPECT_EQ(InAChild([&] {
              Connection out;
              return idle.Take(out) || IsOpen(pair.ends[0]) ? kWrong : kRight;
            }),
            kRight);
  Connection out;
  EXPECT_TRUE(idle.Take(out));
}

}  // namespace
}  // namespace rootkeep::keysocket
