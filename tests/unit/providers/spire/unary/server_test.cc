// Calls over a socket, from threads.
#include "providers/spire/unary/server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <latch>
#include <stdexcept>

#include "tests/support/eventually.h"
#include "tests/unit/providers/spire/unary/client.h"

namespace rootkeep::spire::unary {
namespace {

using rootkeep::testing::Eventually;
using testing::Client;
using testing::kPatience;
using testing::Peer;

class UnaryServer : public ::testing::Test {
 protected:
  Methods TestMethods() {
    return {{"/t/Here", {[](const auto& call) { call->Finish({}, std::string(call->request())); }}},
            {"/t/Elsewhere", {[this](const auto& call) {
               threads.emplace_back([call] { call->Finish({}, std::string(call->request())); });
             }}},
            {"/t/Keep", {[this](auto call) {
               kept = std::move(call);
               begun.count_down();
             }}},
            {"/t/Retain", {[this](const auto& call) {
               call->Finish({});
               retained.push_back(call);
             }}},
            {"/t/Throw", {[](const auto&) { throw std::runtime_error("thrown by the test"); }}}};
  }

  std::vector<std::jthread> threads;
  std::shared_ptr<Call> kept;
  std::vector<std::shared_ptr<Call>> retained;  // of one client at a time
  std::latch begun{1};
  Server server{TestMethods()};
};

TEST_F(UnaryServer, AnswersFromAnyThread) {
  Client client(server);
  for (const char* path : {"/t/Here", "/t/Elsewhere"}) {
    const testing::Reply reply = client.Ask(path, "message");
    EXPECT_EQ(reply.code(), "0");
    EXPECT_EQ(OnlyMessage(reply.body).value(), "message");
  }
}

TEST_F(UnaryServer, CarriesManyCallsAtOnce) {
  Client client(server);
  std::map<int, std::string> asked;
  for (int i = 0; i < 300; ++i) {
    const std::string message = std::to_string(i) + std::string(2000, 'm');
    asked[client.peer.AskWith(i % 2 == 0 ? "/t/Here" : "/t/Elsewhere", message)] = message;
  }
  ASSERT_TRUE(client.SpeakUntil([&] {
    return std::ranges::all_of(asked, [&](const auto& call) { return client.peer.replies[call.first].ended; });
  }));
  for (const auto& [stream, message] : asked) {
    EXPECT_EQ(OnlyMessage(client.peer.replies[stream].body).value(), message);
  }
}

TEST_F(UnaryServer, AnswersAPingWithoutACall) {
  Client client(server);
  client.peer.Ping();
  EXPECT_TRUE(client.SpeakUntil([&] { return client.peer.pongs == 1; }));
}

TEST_F(UnaryServer, GoesOnAfterAnException) {
  Client client(server);
  EXPECT_EQ(client.Ask("/t/Throw").code(), "13");
  EXPECT_EQ(client.Ask("/t/Here").code(), "0");
}

TEST_F(UnaryServer, ClosesAConnectionThatIsNotHttp2AndKeepsTheOthers) {
  Client client(server);
  Client other(server);
  other.Say("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(other.IsClosed());
  EXPECT_EQ(client.Ask("/t/Here").code(), "0");
}

TEST_F(UnaryServer, ClosesAConnectionThatBreaksTheProtocol) {
  Client client(server);
  EXPECT_EQ(client.Ask("/t/Here").code(), "0");
  client.Say(std::string_view("\0\0\1\0\0\0\0\0\0x", 10));  // DATA of no stream
  EXPECT_TRUE(client.SpeakUntil([&] { return client.peer.told_to_go; }));
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(UnaryServer, ClosesAConnectionOfAPeerThatReadsNoMore) {
  Client client(server);
  EXPECT_EQ(client.Ask("/t/Here").code(), "0");
  client.ReadNoMore();
  client.peer.AskWith("/t/Here", "m");
  client.Say(client.peer.Pending());
  EXPECT_TRUE(client.IsHungUp());
}

TEST_F(UnaryServer, AnswersAPeerThatWritesNoMoreAndCloses) {
  Client client(server);
  const int kept_call = client.peer.AskWith("/t/Keep", "m");
  const int other = client.peer.AskWith("/t/Elsewhere", std::string(60'000, 'm'));
  client.peer.Ask("/t/Here", "half of a", /*whole=*/false);
  client.Say(client.peer.Pending());
  client.WriteNoMore();
  begun.wait();
  EXPECT_TRUE(client.SpeakUntil([&] { return client.peer.replies[other].ended; }));
  kept->Finish({}, "answered");
  EXPECT_TRUE(client.SpeakUntil([&] { return client.peer.replies[kept_call].ended; }));
  EXPECT_EQ(client.peer.replies[kept_call].code(), "0");
  EXPECT_EQ(OnlyMessage(client.peer.replies[kept_call].body).value(), "answered");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(UnaryServer, WaitsForNothingOnceAPeerThatWroteNoMoreHasClosed) {
  {
    Client client(server);
    client.peer.AskWith("/t/Keep", "m");
    client.Say(client.peer.Pending());
    client.WriteNoMore();
    begun.wait();
  }
  EXPECT_TRUE(Eventually([this] { return kept->Over().has_value(); }));
  kept->Finish({});
}

TEST_F(UnaryServer, BoundsConnections) {
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 0; i < Server::kMostConnections; ++i) {
    clients.push_back(std::make_unique<Client>(server));
    EXPECT_TRUE(clients.back()->admitted.ok());
  }
  Client refused(server);
  EXPECT_EQ(refused.admitted.error().code(), Code::kResourceExhausted);
  EXPECT_TRUE(refused.IsClosed());
  clients.pop_back();
  // Its place is free once its thread has seen that.
  for (const Deadline limit = After(kPatience); std::chrono::steady_clock::now() < limit;) {
    Client next(server);
    if (next.admitted.ok()) return;
  }
  FAIL() << "a connection that is closed keeps its place";
}

TEST_F(UnaryServer, BoundsWhatAllConnectionsHoldTogether) {
  constexpr std::size_t kCalls = 18;
  const std::string message(Server::kMostHeld / (kCalls - 1), 'm');
  std::array<Client, 3> clients{Client(server), Client(server), Client(server)};
  std::size_t refused = 0;
  for (std::size_t i = 0; i < kCalls; ++i) {
    const std::string code = clients[i % clients.size()].Ask("/t/Retain", message).code();
    refused += code == "8" ? 1 : 0;
    EXPECT_TRUE(code == "0" || code == "8") << code;
  }
  EXPECT_GE(refused, 1U);
  retained.clear();
  EXPECT_EQ(clients[0].Ask("/t/Here", message).code(), "0");
}

TEST_F(UnaryServer, AnAnswerAfterItsConnectionIsNobodys) {
  {
    Client client(server);
    client.peer.AskWith("/t/Keep", "m");
    client.Say(client.peer.Pending());
    begun.wait();
  }
  EXPECT_TRUE(Eventually([this] { return kept->Over().has_value(); }));
  kept->Finish({}, "too late");
  Client next(server);
  EXPECT_EQ(next.Ask("/t/Here").code(), "0");
}

TEST_F(UnaryServer, EndsWhenWhatIsUnderWayIsAnswered) {
  Client client(server);
  const int stream = client.peer.AskWith("/t/Keep", "m");
  client.Say(client.peer.Pending());
  begun.wait();
  const std::jthread end([this] { server.Shutdown(After(kPatience)); });
  ASSERT_TRUE(client.SpeakUntil([&] { return client.peer.told_to_go; }));
  kept->Finish({}, "answered");
  EXPECT_TRUE(client.SpeakUntil([&] { return client.peer.replies[stream].ended; }));
  EXPECT_EQ(client.peer.replies[stream].code(), "0");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(UnaryServer, EndsInTimeWhateverIsUnderWay) {
  Client client(server);
  client.peer.AskWith("/t/Keep", "m");
  client.Say(client.peer.Pending());
  begun.wait();
  server.Shutdown(After(std::chrono::milliseconds(50)));
  EXPECT_TRUE(client.IsClosed());
  Client late(server);
  EXPECT_EQ(late.admitted.error().code(), Code::kUnavailable);
  kept->Finish({}, "too late");
}

}  // namespace
}  // namespace rootkeep::spire::unary
