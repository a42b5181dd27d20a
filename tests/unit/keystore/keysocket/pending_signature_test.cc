// Signatures that a thread asks for without waiting for each.
#include <gtest/gtest.h>
#include <poll.h>

#include <latch>
#include <optional>
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
  std::optional<FakeAgent> agent;
  Client client{path};
  Signature signature;
  Failure why;
};

TEST_F(PendingSignatureTest, SeveralAreUnderWayAtOnceAndTheirConnectionsAreKept) {
  std::latch all{4};
  Serve([&](const Request& request) {
    all.arrive_and_wait();
    return FakeAgent::Sign(request);
  });
  const std::vector<std::string> inputs{"ab", "cd", "ef", "gh"};
  std::vector<PendingSignature> pending;
  for (const std::string& input : inputs) pending.push_back(Begin(input).value());
  for (std::size_t i = inputs.size(); i-- > 0;) {
    ASSERT_TRUE(End(std::move(pending[i]))) << why.message.view();
    EXPECT_EQ(TextOf(signature.view()), std::string(inputs[i].rbegin(), inputs[i].rend()));
  }
  agent.reset();
  Serve();
  EXPECT_TRUE(End(Begin("x").value()));
  EXPECT_TRUE(End(Begin("y").value()));
  EXPECT_EQ(agent->connections(), 1);
}

TEST_F(PendingSignatureTest, IsNotWaitedFor) {
  std::latch go{1};
  Serve([&](const Request& request) {
    go.wait();
    return FakeAgent::Sign(request);
  });
  auto pending = Begin("ab");
  ASSERT_TRUE(pending);
  EXPECT_FALSE(client.SignEnd(*std::move(pending), signature, why));
  EXPECT_EQ(why.reason.view(), kReasonAgentTimeout);
  go.count_down();
}

TEST_F(PendingSignatureTest, IsNoneWhenTheAgentIsAwayOrLeaves) {
  EXPECT_FALSE(Begin("ab"));
  EXPECT_EQ(why.reason.view(), kReasonAgentDown);
  Serve([](const Request&) { return std::vector<std::uint8_t>(); });
  auto pending = Begin("ab");
  ASSERT_TRUE(pending);
  EXPECT_FALSE(End(*std::move(pending)));
  EXPECT_EQ(why.reason.view(), kReasonAgentLost);
}

TEST_F(PendingSignatureTest, PassesOnWhatTheAgentSays) {
  Serve([](const Request& request) {
    return FakeAgent::Octets({request.number, WireFailure(FailureCode::kNotFound, "no_key", "there is no such key")});
  });
  auto pending = Begin("ab");
  ASSERT_TRUE(pending);
  EXPECT_FALSE(End(*std::move(pending)));
  EXPECT_EQ(why.code, FailureCode::kNotFound);
  EXPECT_TRUE(why.message.view().starts_with("key socket " + path)) << why.message.view();
}

TEST_F(PendingSignatureTest, TakesNoAnswerToAnotherCall) {
  Serve([](const Request& request) {
    Request other = request;
    ++other.number;
    return FakeAgent::Sign(other);
  });
  auto pending = Begin("ab");
  ASSERT_TRUE(pending);
  EXPECT_FALSE(End(*std::move(pending)));
  EXPECT_EQ(why.reason.view(), kReasonAgentBroken);
}

}  // namespace
}  // namespace rootkeep::keysocket
