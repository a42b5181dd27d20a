// A token that hangs, and the callers of another.
#include <latch>
#include <thread>

#include "tests/unit/keystore/keysocket/server_fixture.h"

namespace rootkeep::keysocket {
namespace {

class KeySocketHungToken : public ServerTest {
 protected:
  void SetUp() override {
    others = {OfToken("one"), OfToken("two")};
    one->when_listed = [this] {
      ++hanging;
      go.wait();
    };
    Start();
  }
  void TearDown() override {
    go.count_down();
    callers.clear();
  }

  SocketOptions OfToken(const std::string& token) const {
    SocketOptions socket = Socket(token);
    socket.grants = {AppsOf("*")};
    socket.grants[0].keys[0].token = token;
    return socket;
  }
  template <typename Call>
  void Begin(Call call) {
    callers.emplace_back([call = std::move(call)] {
      Failure nobodys;
      (void)call(nobodys);
    });
  }

  std::atomic<unsigned> hanging = 0;
  std::latch go{1};
  std::vector<std::jthread> callers;
};

TEST_F(KeySocketHungToken, TakesNoThreadOfAnothers) {
  const auto mail = two->Add("rk/app/mail/1");
  const std::string hung = others[0].path;
  for (unsigned i = 0; i <= options.managers; ++i) {
    Begin([hung](Failure& nobodys) {
      ReplyMemory room;
      ListReply list;
      return Client(hung).List({}, Soon(), room, list, nobodys);
    });
  }
  ASSERT_TRUE(testing::Eventually([this] { return hanging == options.managers && server->waiting() == 1; }));
  EXPECT_TRUE(SignAnew(*mail, others[1].path)) << why.message.view();
  ListReply list;
  EXPECT_TRUE(Client(others[1].path).List({}, Soon(), memory, list, why)) << why.message.view();
}

TEST_F(KeySocketHungToken, KeepsNobodyFromAnothersKeys) {
  const auto mail = two->Add("rk/app/mail/1");
  Begin([path = app.path](Failure& nobodys) {
    Signature signature;
    return Client(path).Sign({.key = {1}, .input = Bytes(32)}, Soon(), signature, nobodys);
  });
  ASSERT_TRUE(testing::Eventually([this] { return hanging == 1; }));
  // Its part of the time is over, and the other one is asked.
  Signature signature;
  EXPECT_TRUE(Client(app.path).Sign(CallFor(mail->public_key()),
                                    std::chrono::steady_clock::now() + std::chrono::seconds(2), signature, why))
      << why.message.view();
  EXPECT_TRUE(SignAnew(*mail, others[1].path)) << why.message.view();
}

}  // namespace
}  // namespace rootkeep::keysocket
