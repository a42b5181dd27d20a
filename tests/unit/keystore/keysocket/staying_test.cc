// Threads that stay with the caller that they have answered.
#include "tests/unit/keystore/keysocket/server_fixture.h"

namespace rootkeep::keysocket {
namespace {

using std::chrono::milliseconds;
using testing::Eventually;

class KeySocketStaying : public ServerTest {
 protected:
  KeySocketStaying() {
    options.stayers = 2;
    options.stay = std::chrono::hours(1);
    options.managers = 1;
    options.hello_patience = options.idle_limit = std::chrono::hours(1);
    workers = 1;
  }
};

TEST_F(KeySocketStaying, AThreadStaysWithWhoHasSigned) {
  const auto web = one->Add("rk/app/web/1");
  Start();
  Client client(app.path);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(Sign(client, *web)) << why.message.view();
    EXPECT_TRUE(Eventually([&] { return server->staying() == 1; }));
  }
}

// More callers than there are threads, each with a connection that it keeps.
TEST_F(KeySocketStaying, KeepsNobodyElseWaiting) {
  const auto web = one->Add("rk/app/web/1");
  Start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 12; ++i) clients.push_back(std::make_unique<Client>(app.path));
  for (int round = 0; round < 3; ++round) {
    for (const auto& client : clients) ASSERT_TRUE(Sign(*client, *web)) << why.message.view();
  }
  EXPECT_TRUE(Eventually([&] { return server->staying() == 2; }));
  EXPECT_EQ(server->connections(), clients.size());
}

TEST_F(KeySocketStaying, GoesOnToOthersAfterAMoment) {
  options.stay = milliseconds(1);
  const auto web = one->Add("rk/app/web/1");
  Start();
  Client client(app.path);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(Sign(client, *web)) << why.message.view();
    EXPECT_TRUE(Eventually([&] { return server->staying() == 0; }));
    EXPECT_EQ(server->connections(), 1U);
  }
}

TEST_F(KeySocketStaying, WhoHasNothingToSayAnyMoreIsDroppedAllTheSame) {
  options.idle_limit = milliseconds(50);
  options.tick = milliseconds(10);
  const auto web = one->Add("rk/app/web/1");
  Start();
  Client client(app.path);
  EXPECT_TRUE(Sign(client, *web)) << why.message.view();
  EXPECT_TRUE(Eventually([&] { return server->connections() == 0 && server->staying() == 0; }));
}

TEST_F(KeySocketStaying, ADrainedServerWaitsForNobodyWhoOnlyMightCall) {
  const auto web = one->Add("rk/app/web/1");
  Start();
  Client client(app.path);
  EXPECT_TRUE(Sign(client, *web)) << why.message.view();
  EXPECT_TRUE(Eventually([&] { return server->staying() == 1; }));
  server->Drain(std::chrono::hours(1));
  EXPECT_EQ(server->connections(), 0U);
  server.reset();
}

}  // namespace
}  // namespace rootkeep::keysocket
