// Clients that are slow, stuck, many or malicious, and those that must not notice.
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <thread>

#include "tests/unit/keystore/keysocket/server_fixture.h"

namespace rootkeep::keysocket {
namespace {

using std::chrono::milliseconds;
using testing::Eventually;

class KeySocketHostility : public ServerTest {
 protected:
  KeySocketHostility() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }

  // Connected, and silent.
  Fd Silent(const std::string& path) const {
    Fd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  // Whether the server has closed it.
  static bool Ended(int fd) {
    char octet = 0;
    return recv(fd, &octet, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
  }
  static bool Put(int fd, Octets octets) {
    return send(fd, octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(octets.size());
  }
  static std::vector<std::uint8_t> Encoded(const Request& request) {
    std::vector<std::uint8_t> octets(kMaxRequest);
    octets.resize(Encode(request, octets));
    return octets;
  }
};

TEST_F(KeySocketHostility, AThousandConnectionsAreServed) {
  const auto web = one->Add("rk/app/web/1");
  Start();
  std::vector<Connection> connections;
  for (int i = 0; i < 1000; ++i) connections.push_back(Connect());
  EXPECT_EQ(server->connections(), 1000U);
  const SignCall call = CallFor(web->public_key());
  int good = 0;
  std::array<std::uint8_t, kMaxShortReply> octets;
  // All ask before the first looks for its answer.
  std::uint32_t number = 0;
  for (const Connection& connection : connections) {
    ASSERT_TRUE(Put(connection.fd(), Encoded({++number, 30'000, call})));
  }
  int refused = 0;
  for (const Connection& connection : connections) {
    pollfd entry{.fd = connection.fd(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(poll(&entry, 1, 30'000), 1);
    const ssize_t size = recv(connection.fd(), octets.data(), octets.size(), 0);
    Reply reply;
    ASSERT_GT(size, 0);
    ASSERT_TRUE(Decode(Octets(octets).first(static_cast<std::size_t>(size)), reply));
    if (const auto* failure = std::get_if<Failure>(&reply.reply)) {
      EXPECT_EQ(failure->reason.view(), "queue_full");
      ++refused;
      continue;
    }
    const Octets signature = std::get<SignReply>(reply.reply).signature;
    good += web->public_key().Verify(SignatureScheme::kEcdsaSha256, call.input, signature).ok() ? 1 : 0;
  }
  EXPECT_EQ(good + refused, 1000) << "each gets an answer, if only that it is to come back";
  EXPECT_GT(good, 100);
  // One after the other, all are served.
  for (const Connection& connection : connections) {
    Reply reply;
    ASSERT_EQ(connection.Exchange({.number = 1, .wait_ms = 30'000, .call = call}, Soon(), octets, reply, why),
              Outcome::kAnswered);
    ASSERT_TRUE(std::holds_alternative<SignReply>(reply.reply));
  }
  connections.clear();
  EXPECT_TRUE(Eventually([this] { return server->connections() == 0; }));
}

TEST_F(KeySocketHostility, WhoSaysNothingIsDropped) {
  const auto web = one->Add("rk/app/web/1");
  options.hello_patience = milliseconds(300);
  options.tick = milliseconds(20);
  Start();
  std::vector<Fd> silent;
  for (int i = 0; i < 500; ++i) silent.push_back(Silent(app.path));
  EXPECT_TRUE(SignAnew(*web)) << "while they are there";
  EXPECT_TRUE(Eventually([&] { return std::ranges::all_of(silent, [](const Fd& fd) { return Ended(fd.get()); }); }));
  EXPECT_TRUE(Eventually([this] { return server->connections() == 0; }));
}

TEST_F(KeySocketHostility, WhoHasNothingToSayAnyMoreIsDroppedLater) {
  options.idle_limit = milliseconds(100);
  options.tick = milliseconds(20);
  const auto web = one->Add("rk/app/web/1");
  Start();
  Client client(app.path);
  EXPECT_TRUE(Sign(client, *web));
  EXPECT_TRUE(Eventually([this] { return server->connections() == 0; }));
  EXPECT_TRUE(Sign(client, *web)) << "and comes back by itself";
}

TEST_F(KeySocketHostility, ACallIsNotDroppedForTakingLong) {
  options.idle_limit = milliseconds(50);
  options.tick = milliseconds(10);
  const auto web = one->Add("rk/app/web/1");
  Start();
  Client client(app.path);
  std::thread caller;
  {
    const auto stall = web->gate().Close();
    caller = std::thread([&] { EXPECT_TRUE(Sign(client, *web)) << why.message.view(); });
    EXPECT_TRUE(Eventually([&] { return web->gate().waiting() == 1; }));
    const auto until = std::chrono::steady_clock::now() + milliseconds(200);
    EXPECT_TRUE(Eventually([&] { return std::chrono::steady_clock::now() > until; }));
  }
  caller.join();
  EXPECT_EQ(web->gate().signatures(), 1) << "or it was dropped, and asked for again";
}

TEST_F(KeySocketHostility, WhoTakesNoAnswersIsDropped) {
  const auto web = one->Add("rk/app/web/1");
  Start();
  const Connection greedy = Connect();
  const auto request = Encoded({1, 1000, CallFor(web->public_key())});
  EXPECT_TRUE(Eventually([&] {
    // Asks as long as there is room, and reads nothing.
    while (Put(greedy.fd(), request)) {
    }
    return errno == EPIPE || errno == ECONNRESET;
  }));
  EXPECT_TRUE(SignAnew(*web));
}

TEST_F(KeySocketHostility, WhatIsNoRequestEndsItsConnectionOnly) {
  const auto web = one->Add("rk/app/web/1");
  Start();
  Client client(app.path);
  EXPECT_TRUE(Sign(client, *web));
  const auto good = Encoded({1, 1000, CallFor(web->public_key())});
  std::vector<std::vector<std::uint8_t>> packets{{0},
                                                 {0xff, 0xff},
                                                 std::vector<std::uint8_t>(kMaxRequest + 1, 4),
                                                 std::vector<std::uint8_t>(150'000, 4),
                                                 Encoded({1, 1000, HelloCall{}})};
  for (std::size_t size = 1; size < good.size(); size += 7)
    packets.emplace_back(good.begin(), good.begin() + static_cast<long>(size));
  for (const auto& packet : packets) {
    const Connection hostile = Connect();
    EXPECT_TRUE(Put(hostile.fd(), packet)) << packet.size();
    EXPECT_TRUE(Eventually([&] { return Ended(hostile.fd()); })) << packet.size();
  }
  // Nothing is answered before a hello.
  const Fd rude = Silent(app.path);
  EXPECT_TRUE(Put(rude.get(), good));
  EXPECT_TRUE(Eventually([&] { return Ended(rude.get()); }));
  EXPECT_EQ(server->denied(), packets.size() + 1);
  EXPECT_TRUE(Sign(client, *web));
}

TEST_F(KeySocketHostility, AFloodOfConnectionsLeavesOtherSocketsAlone) {
  options.max_connections_per_caller = 20;
  const auto web = one->Add("rk/app/web/1");
  SocketOptions other = Socket("other");
  other.grants = {AppsOf("*")};
  others = {other};
  Start();
  std::vector<Fd> flood;
  for (int i = 0; i < 200; ++i) flood.push_back(Silent(app.path));
  EXPECT_TRUE(
      Eventually([&] { return std::ranges::count_if(flood, [](const Fd& fd) { return Ended(fd.get()); }) == 180; }));
  EXPECT_FALSE(SignAnew(*web));
  EXPECT_TRUE(SignAnew(*web, other.path));
  flood.clear();
  EXPECT_TRUE(Eventually([&] { return SignAnew(*web); }));
}

// One token's calls hang: its own callers are told to come back, the other token's are served.
TEST_F(KeySocketHostility, ATokenThatHangsTakesNoThreadFromTheOther) {
  const auto web = one->Add("rk/app/web/1");
  const auto mail = two->Add("rk/app/mail/1");
  workers = 2;
  options.max_waiting = 4;
  Start();
  EXPECT_TRUE(SignAnew(*web));
  EXPECT_TRUE(SignAnew(*mail));
  std::vector<Connection> stuck;
  {
    const auto stall = web->gate().Close();
    const auto request = Encoded({1, 60'000, CallFor(web->public_key())});
    // One is at the token, which is what it can do at once, before the others come, so that it is known who waits.
    for (const std::size_t waiting : {0U, 1U, 2U}) {
      stuck.push_back(Connect());
      ASSERT_TRUE(Put(stuck.back().fd(), request));
      EXPECT_TRUE(Eventually([&] { return web->gate().waiting() == 1 && server->waiting() == waiting; }));
    }
    EXPECT_FALSE(SignAnew(*web));
    EXPECT_EQ(why.code, FailureCode::kResourceExhausted);
    EXPECT_EQ(why.reason.view(), "queue_full");
    EXPECT_GT(why.retry_ms, 0U);
    EXPECT_TRUE(SignAnew(*mail));
    // Who goes away while he waits is not signed for.
    stuck.pop_back();
  }
  EXPECT_TRUE(Eventually([&] { return server->waiting() == 0 && web->gate().waiting() == 0; }));
  EXPECT_TRUE(SignAnew(*web));
  EXPECT_EQ(web->gate().signatures(), 1 + 2 + 1);
}

TEST_F(KeySocketHostility, ADrainedServerFinishesWhatItHasBegun) {
  const auto web = one->Add("rk/app/web/1");
  Start();
  Client client(app.path, {.reconnect_wait = milliseconds(0)});
  const Connection idle = Connect();
  std::thread caller;
  std::thread drain;
  {
    const auto stall = web->gate().Close();
    caller = std::thread([&] { EXPECT_TRUE(Sign(client, *web)) << why.message.view(); });
    EXPECT_TRUE(Eventually([&] { return web->gate().waiting() == 1; }));
    drain = std::thread([this] { server->Drain(std::chrono::seconds(30)); });
    EXPECT_TRUE(Eventually([&] { return Ended(idle.fd()); }));
    EXPECT_NE(access(app.path.c_str(), F_OK), 0);
  }
  caller.join();
  drain.join();
  EXPECT_EQ(server->connections(), 0U);
  EXPECT_FALSE(Sign(client, *web));
  EXPECT_EQ(why.reason.view(), kReasonAgentDown);
}

// The thread that answered it goes on with another's call.
TEST_F(KeySocketHostility, WhoIsDroppedIsToldAtOnce) {
  const auto web = one->Add("rk/app/web/1");
  const auto mail = one->Add("rk/app/mail/1");
  workers = 1;
  Start();
  EXPECT_TRUE(SignAnew(*web));
  EXPECT_TRUE(SignAnew(*mail));
  const Connection first = Connect();
  const Connection second = Connect();
  std::thread drain;
  {
    const auto hold_second = mail->gate().Close();
    {
      const auto hold_first = web->gate().Close();
      ASSERT_TRUE(Put(first.fd(), Encoded({1, 60'000, CallFor(web->public_key())})));
      EXPECT_TRUE(Eventually([&] { return web->gate().waiting() == 1; }));
      ASSERT_TRUE(Put(second.fd(), Encoded({1, 60'000, CallFor(mail->public_key())})));
      EXPECT_TRUE(Eventually([&] { return server->waiting() == 1; }));
      drain = std::thread([this] { server->Drain(std::chrono::seconds(30)); });
      EXPECT_TRUE(Eventually([&] { return access(app.path.c_str(), F_OK) != 0; }));
    }
    EXPECT_TRUE(Eventually([&] { return mail->gate().waiting() == 1; }));
    std::array<std::uint8_t, kMaxShortReply> octets;
    EXPECT_TRUE(Eventually([&] { return recv(first.fd(), octets.data(), octets.size(), MSG_DONTWAIT) > 0; }));
    EXPECT_TRUE(Eventually([&] { return Ended(first.fd()); }));
    EXPECT_EQ(mail->gate().waiting(), 1);
  }
  drain.join();
}

}  // namespace
}  // namespace rootkeep::keysocket
