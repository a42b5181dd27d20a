#include "tools/accept/accept_loop.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tools/accept/connection_places.h"
#include "tools/accept/tcp_listener.h"

namespace rootkeep {
namespace {

using testing::Eventually;
using testing::IsOk;

Fd Connect(int port) {
  Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  EXPECT_EQ(setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return client;
}

// Whether the other end has closed it without a word.
bool IsClosed(const Fd& client) {
  char octet = 0;
  const ssize_t got = recv(client.get(), &octet, 1, 0);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

class AcceptLoopTest : public ::testing::Test, protected Doorkeeper {
 protected:
  void SetUp() override {
    for (int i = 0; i < 2; ++i) {
      ASSERT_OK_AND_ASSIGN(TcpListener listener, ListenTcp("127.0.0.1:0"));
      listeners_.push_back(std::move(listener));
    }
    ASSERT_THAT(loop_.Start({{.listener = listeners_[0].socket.get(), .name = "first"},
                             {.listener = listeners_[1].socket.get(), .name = "second"}},
                            *this),
                IsOk());
  }
  void TearDown() override { loop_.Stop(); }

  std::optional<Admission> Admit(std::size_t door, int /*connection*/) override {
    auto place = places_.Take(door);
    if (place == nullptr) return std::nullopt;
    return Admission{.place = std::move(place), .how = door + 100};
  }
  // As a server that closes what it serves at its leisure.
  void Hand(std::size_t how, Fd connection) override {
    const std::lock_guard lock(mutex_);
    served_.emplace_back(how, std::move(connection));
  }
  [[nodiscard]] std::size_t Served() {
    const std::lock_guard lock(mutex_);
    return served_.size();
  }
  // Whether the client of this one has gone.
  [[nodiscard]] bool Ended(std::size_t served) {
    const std::lock_guard lock(mutex_);
    return IsClosed(served_[served].second);
  }
  // As a server does.
  void Close(std::size_t served) {
    const std::lock_guard lock(mutex_);
    shutdown(served_[served].second.get(), SHUT_RDWR);
    served_[served].second.Reset();
  }
  [[nodiscard]] Fd Connect(std::size_t door) const { return rootkeep::Connect(listeners_[door].port); }

  ConnectionPlaces<std::size_t> places_{{.all = 3, .each = 2}};
  std::vector<TcpListener> listeners_;
  std::mutex mutex_;
  std::vector<std::pair<std::size_t, Fd>> served_;
  AcceptLoop loop_;
};

TEST_F(AcceptLoopTest, HandsOnWhatIsLetInAndClosesTheRest) {
  const Fd first = Connect(0);
  const Fd second = Connect(0);
  ASSERT_TRUE(Eventually([this] { return Served() == 2; }));
  EXPECT_TRUE(IsClosed(Connect(0)));
  const Fd other = Connect(1);
  ASSERT_TRUE(Eventually([this] { return Served() == 3; }));
  EXPECT_EQ(served_[0].first, 100U);
  EXPECT_EQ(served_[2].first, 101U);
  EXPECT_TRUE(IsClosed(Connect(1))) << "all places are taken";
}

// As a server's that signs for a handshake while its client has gone.
TEST_F(AcceptLoopTest, APlaceIsFreeWhenItsConnectionHasEndedAndItsServerHasClosedIt) {
  Fd first = Connect(0);
  const Fd second = Connect(0);
  ASSERT_TRUE(Eventually([this] { return Served() == 2; }));
  first.Reset();
  ASSERT_TRUE(Eventually([this] { return Ended(0); }));
  EXPECT_TRUE(IsClosed(Connect(0))) << "the server has it still";
  Close(0);
  EXPECT_TRUE(Eventually([this] { return Connect(0).valid() && Served() > 2; }));
}

TEST_F(AcceptLoopTest, AServerThatClosesAConnectionFreesItsPlaceToo) {
  const Fd first = Connect(0);
  const Fd second = Connect(0);
  ASSERT_TRUE(Eventually([this] { return Served() == 2; }));
  Close(0);
  EXPECT_TRUE(IsClosed(first));
  EXPECT_TRUE(Eventually([this] { return Connect(0).valid() && Served() > 2; }));
}

// The number of the descriptor means another connection then.
TEST_F(AcceptLoopTest, APlaceIsFreeThoughTheDescriptorsNumberIsAnothers) {
  const Fd first = Connect(0);
  const Fd second = Connect(0);
  ASSERT_TRUE(Eventually([this] { return Served() == 2; }));
  const Fd other(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  {
    const std::lock_guard lock(mutex_);
    const int number = served_[0].second.get();
    shutdown(number, SHUT_RDWR);
    ASSERT_EQ(dup3(other.get(), number, O_CLOEXEC), number);
  }
  EXPECT_TRUE(Eventually([this] { return Connect(0).valid() && Served() > 2; }));
}

TEST_F(AcceptLoopTest, StoppedItAcceptsNobodyAndLeavesWhatIsServed) {
  const Fd first = Connect(0);
  ASSERT_TRUE(Eventually([this] { return Served() == 1; }));
  loop_.Stop();
  loop_.Stop();
  for (int i = 0; i < 20; ++i) {
    const Fd late = Connect(0);
    const Fd ours(accept4(listeners_[0].socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(ours.valid()) << "nobody else takes them";
  }
  EXPECT_EQ(Served(), 1U);
  EXPECT_EQ(write(first.get(), "x", 1), 1);
  char octet = 0;
  EXPECT_TRUE(Eventually([&] { return read(served_[0].second.get(), &octet, 1) == 1; })) << "it is still there";
}

}  // namespace
}  // namespace rootkeep
