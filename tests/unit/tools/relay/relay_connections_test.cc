// Whom a relay lets connect. Who is refused sees no octet of TLS: each handshake costs the node's TPM a signature.
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/unit/tools/relay/relay_fixture.h"

namespace rootkeep::relay {
namespace {

using rootkeep::testing::Eventually;
using rootkeep::testing::IsOk;
using rootkeep::testing::RelayFixture;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using enum grpc::StatusCode;

class RelayConnections : public RelayFixture {
 protected:
  // From this address of the host.
  [[nodiscard]] Fd Connect(std::uint32_t from = INADDR_LOOPBACK) const {
    const auto address_of = [](std::uint32_t address, int port) {
      sockaddr_in out{};
      out.sin_family = AF_INET;
      out.sin_port = htons(static_cast<std::uint16_t>(port));
      out.sin_addr.s_addr = htonl(address);
      return out;
    };
    Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in own = address_of(from, 0);
    const sockaddr_in relay = address_of(INADDR_LOOPBACK, relay_->ports().at(0));
    EXPECT_EQ(bind(client.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own), 0);
    EXPECT_EQ(connect(client.get(), reinterpret_cast<const sockaddr*>(&relay), sizeof relay), 0);
    return client;
  }
  // Whether it is closed, and nothing was said before.
  static bool IsClosedUnanswered(const Fd& client) {
    char octet = 0;
    return recv(client.get(), &octet, 1, 0) <= 0;
  }
};

TEST_F(RelayConnections, WhoIsNoClientOfItsGetsNoAnswerAtAll) {
  ASSERT_OK_AND_ASSIGN(Networks others, Networks::Parse({"192.0.2.0/24", "127.0.0.2"}));
  Start({.clients = std::move(others)});
  EXPECT_TRUE(IsClosedUnanswered(Connect()));
  EXPECT_THAT(told_.Refused(), ElementsAre("client"));
  EXPECT_EQ(CallCode(), UNAVAILABLE);
  EXPECT_TRUE(ca_->Calls().empty());
  EXPECT_THAT(told_.Calls(), IsEmpty()) << "it has seen no call";
  const Fd client = Connect(INADDR_LOOPBACK + 1);
  EXPECT_TRUE(IsClosedUnanswered(Connect())) << "and so the one before it was looked at too";
  char octet = 0;
  EXPECT_EQ(recv(client.get(), &octet, 1, MSG_DONTWAIT), -1) << "neither an octet nor an end";
}

TEST_F(RelayConnections, OpenOnesAreBoundedAndAPlaceIsFreeAgain) {
  Start({.connections = {.open = 8}});
  Fd first = Connect();
  const Fd second = Connect();
  EXPECT_TRUE(IsClosedUnanswered(Connect())) << "an address has a quarter of them";
  EXPECT_THAT(told_.Refused(), ElementsAre("connections"));
  EXPECT_EQ(CallCode(), UNAVAILABLE);
  first.Reset();
  EXPECT_TRUE(Eventually([this] { return CallCode() == OK; }));
}

TEST_F(RelayConnections, NewOnesAreBoundedInTime) {
  Start({.connections = {.open = 100, .per_second = 1}});
  for (int i = 0; i < 20; ++i) const Fd gone = Connect();
  EXPECT_TRUE(IsClosedUnanswered(Connect()));
  EXPECT_THAT(told_.Refused(), Contains("rate"));
  EXPECT_TRUE(Eventually([this] { return CallCode() == OK; })) << "a second later";
}

// Not so quick that a client's own call could be late.
TEST_F(RelayConnections, OneWithoutACallIsEndedAndItsClientMakesAnother) {
  Start({.connections = {.open = 4}, .idle = std::chrono::seconds(1)});
  const auto channel = Channel(root_);
  grpc::ClientContext first;
  EXPECT_TRUE(Call(first, channel).status.ok());
  EXPECT_TRUE(IsClosedUnanswered(Connect())) << "its place is taken";
  EXPECT_TRUE(Eventually([&] { return channel->GetState(false) == GRPC_CHANNEL_IDLE; }));
  EXPECT_TRUE(Eventually([this] { return CallCode() == OK; })) << "by another client";
  EXPECT_TRUE(Eventually([&] {
    grpc::ClientContext later;
    return Call(later, channel).status.ok();
  })) << "when that one's place is free";
}

TEST_F(RelayConnections, AServedOneIsAClientsForAsLongAsItCalls) {
  Start({.connections = {.open = 4}});
  const auto channel = Channel(root_);
  grpc::ClientContext first;
  EXPECT_TRUE(Call(first, channel).status.ok());
  EXPECT_TRUE(IsClosedUnanswered(Connect())) << "its place is taken";
  grpc::ClientContext second;
  EXPECT_TRUE(Call(second, channel).status.ok()) << "on the connection that was there";
}

}  // namespace
}  // namespace rootkeep::relay
