// Signatures that a thread asks for without waiting for each.
#include <gtest/gtest.h>
#include <poll.h>

#include <latch>
#include <optional>
#include <thread>
#include <vector>

#include "keystore/keysocket/wire/client.h"
#include "tests/support/fake_agent.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::keysocket {
namespace {

WireDeadline Soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(30); }

class PendingSignatureTest : public ::testing::Test {
 protected:
  void Serve(FakeAgent::Answer answer = &FakeAgent::Sign) { agent.emplace(path, std::move(answer)); }

  static std::vector<std::uint8_t> Nothing() { return {}; }

  // So many connections.
  void Keep(std::size_t count) {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < count; ++i) {
      threads.emplace_back([this] {
        Signature made;
        Failure failure;
        EXPECT_TRUE(client.Sign({.input = OctetsOf("x")}, Soon(), made, failure)) << failure.message.view();
      });
    }
  }
  std::optional<PendingSignature> Begin(std::string_view input) {
    PendingSignature pending;
    if (!client.SignBegin({.input = OctetsOf(input)}, Soon(), pending, why)) return std::nullopt;
    return pending;
  }
  // Waits for it.
  bool End(PendingSignature pending) {
    pollfd entry{.fd = pending.fd(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&entry, 1, 30'000), 1);
    return client.SignEnd(std::move(pending), signature, why);
  }

  const testing::TempDir directory;
  const std::string path = directory / "s";
  std::atomic<int> asked{0};  // of the agent, where a test counts
  std::optional<FakeAgent> agent;
  Client client{path};
  Signature signature;
  Failure why;
};

TEST_F(PendingSignatureTest, IsAskedForOnAKeptConnectionOnly) {
  Serve();
  EXPECT_FALSE(Begin("ab"));
  EXPECT_EQ(agent->connections(), 0);
  Keep(1);
  EXPECT_TRUE(End(Begin("ab").value()));
  EXPECT_EQ(TextOf(signature.view()), "ba");
  EXPECT_EQ(agent->connections(), 1);
}

TEST_F(PendingSignatureTest, SeveralAreUnderWayAtOnceAndTheirConnectionsAreKept) {
  Serve([this](const Request& request) {
    ++asked;
    while (asked < 4) std::this_thread::yield();
    return FakeAgent::Sign(request);
  });
  Keep(4);
  asked = 0;
  const std::vector<std::string> inputs{"ab", "cd", "ef", "gh"};
  std::vector<PendingSignature> pending;
  for (const std::string& input : inputs) pending.push_back(Begin(input).value());
  for (std::size_t i = inputs.size(); i-- > 0;) {
    ASSERT_TRUE(End(std::move(pending[i]))) << why.message.view();
    EXPECT_EQ(TextOf(signature.view()), std::string(inputs[i].rbegin(), inputs[i].rend()));
  }
  for (const std::string& input : inputs) EXPECT_TRUE(End(Begin(input).value()));
  EXPECT_EQ(agent->connections(), 4);
}

TEST_F(PendingSignatureTest, IsNotWaitedFor) {
  std::latch go{1};
  Serve([&](const Request& request) {
    if (asked++ > 0) go.wait();
    return FakeAgent::Sign(request);
  });
  Keep(1);
  auto pending = Begin("ab");
  ASSERT_TRUE(pending);
  EXPECT_FALSE(client.SignEnd(*std::move(pending), signature, why));
  EXPECT_EQ(why.reason.view(), kReasonAgentTimeout);
  go.count_down();
  agent.reset();  // which is still at it
}

TEST_F(PendingSignatureTest, IsNoneWhenTheAgentIsAwayOrLeaves) {
  Serve([this](const Request& request) { return asked++ == 0 ? FakeAgent::Sign(request) : Nothing(); });
  Keep(1);
  auto pending = Begin("ab");
  ASSERT_TRUE(pending);
  EXPECT_FALSE(End(*std::move(pending)));
  EXPECT_EQ(why.reason.view(), kReasonAgentLost);
  agent.reset();
  Serve();
  Keep(2);
  agent.reset();
  EXPECT_FALSE(Begin("ab"));
  EXPECT_TRUE(why.message.view().starts_with("key socket " + path)) << why.message.view();
}

TEST_F(PendingSignatureTest, PassesOnWhatTheAgentSays) {
  Serve([this](const Request& request) {
    if (asked++ == 0) return FakeAgent::Sign(request);
    return FakeAgent::Octets({request.number, WireFailure(FailureCode::kNotFound, "no_key", "there is no such key")});
  });
  Keep(1);
  EXPECT_FALSE(End(Begin("ab").value()));
  EXPECT_EQ(why.code, FailureCode::kNotFound);
  EXPECT_TRUE(why.message.view().starts_with("key socket " + path)) << why.message.view();
}

TEST_F(PendingSignatureTest, TakesNoAnswerToAnotherCall) {
  Serve([this](const Request& request) {
    Request other = request;
    if (asked++ > 0) ++other.number;
    return FakeAgent::Sign(other);
  });
  Keep(1);
  EXPECT_FALSE(End(Begin("ab").value()));
  EXPECT_EQ(why.reason.view(), kReasonAgentBroken);
}

}  // namespace
}  // namespace rootkeep::keysocket
