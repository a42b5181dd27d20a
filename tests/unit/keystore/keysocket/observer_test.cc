// What who counts is told.
#include "keystore/keysocket/server/observer.h"

#include <sys/socket.h>

#include "tests/unit/keystore/keysocket/server_fixture.h"

namespace rootkeep::keysocket {
namespace {

using ::testing::ElementsAre;
using testing::Eventually;

// Remembers all of it, in words.
class Witness final : public Observer {
 public:
  void Answered(CallKind call, std::string_view outcome) noexcept override {
    static constexpr const char* kKinds[] = {"list", "describe", "sign", "create", "probe"};
    Add(kKinds[static_cast<std::size_t>(call)] + (" " + std::string(outcome)));
  }
  void Signed(const std::string& token, const SignTimes& times) noexcept override {
    const MutexLock lock(mutex_);
    lines_.push_back("signed on " + token);
    times_.push_back(times);
  }
  void Denied(const std::string& socket, std::string_view what) noexcept override {
    Add("denied on " + socket + ": " + std::string(what));
  }

  std::vector<std::string> TakeLines() {
    const MutexLock lock(mutex_);
    return std::exchange(lines_, {});
  }
  std::vector<SignTimes> times() {
    const MutexLock lock(mutex_);
    return times_;
  }

 private:
  void Add(const std::string& line) {
    const MutexLock lock(mutex_);
    lines_.push_back(line);
  }

  Mutex mutex_;
  std::vector<std::string> lines_ RK_GUARDED_BY(mutex_);
  std::vector<SignTimes> times_ RK_GUARDED_BY(mutex_);
};

class KeySocketObserver : public ServerTest {
 protected:
  KeySocketObserver() { options.observer = &witness; }
  void TearDown() override { server.reset(); }  // before the witness

  Witness witness;
};

TEST_F(KeySocketObserver, IsToldOfEveryCallAndWhatCameOfIt) {
  const auto web = one->Add("rk/app/web/1");
  app.grants.front().may_create = true;
  app.grants.front().keys.front().token = "one";
  Start();
  Client client(app.path);
  EXPECT_TRUE(Sign(client, *web)) << why.message.view();
  EXPECT_THAT(witness.TakeLines(), ElementsAre("signed on one", "sign ok"));
  ListReply list;
  EXPECT_TRUE(client.List({}, Soon(), memory, list, why));
  KeyDescription key;
  EXPECT_TRUE(client.Describe("keysocket:object=rk%2Fapp%2Fweb%2F1", Soon(), memory, key, why));
  EXPECT_TRUE(client.Create({.name = "mail"}, Soon(), memory, key, why)) << why.message.view();
  EXPECT_TRUE(client.Probe(Soon(), why));
  EXPECT_THAT(witness.TakeLines(), ElementsAre("list ok", "describe ok", "create ok", "probe ok"));

  EXPECT_FALSE(client.Describe("not a URI", Soon(), memory, key, why));
  EXPECT_THAT(
      witness.TakeLines(),
      ElementsAre("describe " + (why.reason.view().empty() ? "INVALID_ARGUMENT" : std::string(why.reason.view()))));
  one->away = true;
  EXPECT_FALSE(client.Probe(Soon(), why));
  EXPECT_THAT(witness.TakeLines(), ElementsAre("probe token_absent"));
  one->away = false;
  one->throws = true;
  EXPECT_FALSE(client.Describe("keysocket:object=rk%2Fapp%2Fmail%2F1", Soon(), memory, key, why));
  EXPECT_THAT(witness.TakeLines(), ElementsAre("describe INTERNAL"));
}

TEST_F(KeySocketObserver, IsToldOfEveryDenialAlsoOfThoseThatTheLogLeavesOut) {
  const auto node = one->Add("rk/node/web/1");
  Start();
  constexpr int kTries = 150;  // more than the log takes at once
  Client client(app.path);
  for (int i = 0; i < kTries; ++i) EXPECT_FALSE(Sign(client, *node));
  std::vector<std::string> lines = witness.TakeLines();
  EXPECT_EQ(std::ranges::count(lines, "denied on app: sign"), kTries);
  EXPECT_EQ(std::ranges::count(lines, "sign key_not_found"), kTries);
}

TEST_F(KeySocketObserver, IsToldHowLongASignatureWaitedAndWhoHadToComeBack) {
  const auto web = one->Add("rk/app/web/1");
  workers = 1;
  options.max_waiting = 2;
  Start();
  EXPECT_TRUE(SignAnew(*web));
  std::vector<Connection> callers;
  Deadline seen;
  std::chrono::nanoseconds held{0};
  {
    const auto stall = web->gate().Close();
    std::vector<std::uint8_t> request(kMaxRequest);
    request.resize(Encode(Request{1, 60'000, CallFor(web->public_key())}, request));
    for (const std::size_t waiting : {0U, 1U}) {
      callers.push_back(Connect());
      ASSERT_GT(send(callers.back().fd(), request.data(), request.size(), 0), 0);
      ASSERT_TRUE(Eventually([&] { return web->gate().waiting() == 1 && server->waiting() == waiting; }));
    }
    seen = std::chrono::steady_clock::now();
    EXPECT_FALSE(SignAnew(*web));
    EXPECT_EQ(why.reason.view(), "queue_full");
    held = std::chrono::steady_clock::now() - seen;
  }
  ASSERT_TRUE(Eventually([this] { return witness.times().size() == 3; }));
  const auto times = witness.times();
  EXPECT_EQ(times[1].queued.count(), 0) << "it had a thread at once";
  EXPECT_GE(times[1].device, held);
  EXPECT_GE(times[2].queued, held);
  EXPECT_GT(times[2].device.count(), 0);
  EXPECT_EQ(std::ranges::count(witness.TakeLines(), "sign queue_full"), 1);
}

}  // namespace
}  // namespace rootkeep::keysocket
