#include "keystore/keysocket/wire/idle_connections.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

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

// Those that this process may use.
std::vector<int> Processors() {
  cpu_set_t set;
  EXPECT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
  std::vector<int> processors;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &set)) processors.push_back(i);
  }
  return processors;
}

// Moves the caller.
void RunOn(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  ASSERT_EQ(sched_setaffinity(0, sizeof set, &set), 0);
}

TEST(IdleConnections, GivesFirstWhatWasKeptOnTheCallersProcessor) {
  const std::vector<int> processors = Processors();
  ASSERT_FALSE(processors.empty());
  if (processors.size() < 2) GTEST_SKIP() << "there is one processor only";
  // A thread of its own, so that the others' processors stay as they are.
  std::jthread([&] {
    for (const bool other_way : {false, true}) {
      IdleConnections idle;
      const Pair first;
      const Pair second;
      RunOn(processors[0]);
      idle.Keep(Connection(first.ends[0]));
      RunOn(processors[1]);
      idle.Keep(Connection(second.ends[0]));
      RunOn(processors[other_way ? 1 : 0]);
      Connection out;
      ASSERT_TRUE(idle.Take(out));
      EXPECT_EQ(out.fd(), other_way ? second.ends[0] : first.ends[0]);
      // Whatever there is, when nothing was kept there.
      ASSERT_TRUE(idle.Take(out));
      EXPECT_EQ(out.fd(), other_way ? first.ends[0] : second.ends[0]);
    }
  });
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
