// Signatures that several callers wait for, and those that wait when the plugin ends.
#include "providers/spire/keymanager/service.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <latch>

#include "providers/spire/plugin/hcl/parse.h"
#include "tests/support/fake_agent.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::spire {
namespace {

// Holds the only thread until `go`.
void Hold(SigningThreads& threads, std::latch& go) {
  std::latch held{1};
  ASSERT_TRUE(threads.Post([&] {
    held.count_down();
    go.wait();
    return std::nullopt;
  }));
  held.wait();
}

// An agent with one key, called "k".
class OneKeyAgent {
 public:
  explicit OneKeyAgent(keysocket::FakeAgent::Answer sign)
      : sign_(std::move(sign)), agent_(socket(), [this](const auto& request) { return Answer(request); }) {}

  [[nodiscard]] std::string socket() const { return directory_ / "s"; }
  [[nodiscard]] int requests() const { return agent_.requests(); }

 private:
  std::vector<std::uint8_t> Answer(const keysocket::Request& request) {
    if (std::holds_alternative<keysocket::SignCall>(request.call)) return sign_(request);
    keysocket::ListReply keys{.count = 1};
    auto& key = keys.keys[0];
    key.use = keysocket::WireUse::kForeignCa;
    key.schemes = 1U << static_cast<unsigned>(keysocket::WireScheme::kEcdsaSha256);
    key.label = "rk/foreign-ca/test.k/1";
    key.spki = keysocket::OctetsOf("spki");
    SHA256(key.spki.data(), key.spki.size(), key.fingerprint.data());
    return keysocket::FakeAgent::Octets({request.number, keys});
  }

  const testing::TempDir directory_;
  const keysocket::FakeAgent::Answer sign_;
  keysocket::FakeAgent agent_;
};

unary::RequestBody Request() {
  AgentContract::SignDataRequest request;
  request.set_key_id("k");
  request.set_data(std::string(32, 'd'));
  request.set_hash_algorithm(::spire::plugin::agent::keymanager::v1::SHA256);
  unary::RequestBody body(std::make_shared<unary::RequestBudget>(100));
  EXPECT_TRUE(body.Append(request.SerializeAsString()));
  return body;
}

void Configure(KeyManager& manager, const OneKeyAgent& agent) {
  hcl::Section section(hcl::Parse("socket = \"" + agent.socket() + "\"\ninstance = \"test\"").value());
  const Status configured = manager.Configure("example.org", section);
  ASSERT_TRUE(configured.ok()) << configured.error().ToString();
}

// As an agent signs that has done nothing but wait for others, however slow this machine is.
std::vector<std::uint8_t> Quick(const keysocket::Request& request) {
  const std::string signature = "signature";
  return keysocket::FakeAgent::Octets(
      {request.number, keysocket::SignReply{.signature = keysocket::OctetsOf(signature),
                                            .queued_ns = std::chrono::nanoseconds(std::chrono::hours(1)).count()}});
}

class SeveralSignatures : public ::testing::Test {
 protected:
  void Ask() {
    answers->Expect();
    sign.ask(std::make_shared<unary::Call>(answers, 1, Request(), 0), waits);
  }
  // As a connection does until it has so many answers.
  std::vector<unary::Answer> Await(std::size_t count) {
    std::vector<unary::Answer> all;
    while (all.size() < count) {
      std::vector<pollfd> watched{{answers->fd(), POLLIN, 0}};
      waits.AppendTo(watched);
      EXPECT_GE(poll(watched.data(), watched.size(), 20), 0);
      answers->Rest();
      waits.Serve(std::span(watched).subspan(1));
      std::vector<unary::Answer> ready;
      answers->Take(ready);
      std::ranges::move(ready, std::back_inserter(all));
    }
    return all;
  }

  static constexpr std::chrono::milliseconds kRetry{5};

  static std::vector<std::uint8_t> Refusal(const keysocket::Request& request, keysocket::FailureCode code,
                                           std::string_view message) {
    keysocket::Failure failure = keysocket::WireFailure(code, "refused", message);
    if (code == keysocket::FailureCode::kResourceExhausted) failure.retry_ms = kRetry.count();
    return keysocket::FakeAgent::Octets({request.number, failure});
  }

  const std::shared_ptr<unary::Answers> answers = unary::Answers::Make().value();
  KeyManager manager;
  Threads blocking{1, 1};
  SigningThreads threads{4, 10};
  KeyManagerService<AgentContract> service{manager, threads};
  const unary::Method sign = service.Methods(blocking).at("/spire.plugin.agent.keymanager.v1.KeyManager/SignData");
  unary::Waits waits;
};

TEST_F(SeveralSignatures, AreAskedForAtOnce) {
  // The first are asked for elsewhere, for want of connections.
  std::atomic<std::size_t> asked{0};
  const OneKeyAgent agent([&](const keysocket::Request& request) {
    const std::size_t together = (asked++ / unary::Waits::kMost + 1) * unary::Waits::kMost;
    while (asked < together) std::this_thread::yield();
    return Quick(request);
  });
  Configure(manager, agent);
  for (int round = 0; round < 2; ++round) {
    EXPECT_FALSE(waits.full());
    for (std::size_t i = 0; i < unary::Waits::kMost; ++i) Ask();
    EXPECT_EQ(waits.full(), round > 0);
    for (const unary::Answer& answer : Await(unary::Waits::kMost)) EXPECT_EQ(answer.ending.code, 0);
  }
}

TEST_F(SeveralSignatures, OneThatDoesNotComeSoonIsWaitedForElsewhere) {
  std::latch go{1};
  std::atomic<int> asked{0};
  const OneKeyAgent agent([&](const keysocket::Request& request) {
    if (++asked == 2) go.wait();
    return Quick(request);
  });
  Configure(manager, agent);
  Ask();
  Await(1);
  EXPECT_TRUE(threads.quick());
  Ask();
  const auto answered = Await(1);
  EXPECT_EQ(answered[0].ending.code, 0) << answered[0].ending.text;
  EXPECT_EQ(asked, 3);
  go.count_down();
}

TEST_F(SeveralSignatures, OneThatIsRefusedSaysWhyAndIsAskedForOnce) {
  std::atomic<int> asked{0};
  const OneKeyAgent agent([&](const keysocket::Request& request) {
    if (++asked == 1) return Quick(request);
    return Refusal(request, keysocket::FailureCode::kInternal, "the token is broken");
  });
  Configure(manager, agent);
  Ask();
  Await(1);
  Ask();
  const auto answered = Await(1);
  EXPECT_EQ(answered[0].ending.code, grpc::StatusCode::INTERNAL);
  EXPECT_NE(answered[0].ending.text.find("the token is broken"), std::string::npos) << answered[0].ending.text;
  EXPECT_EQ(asked, 2);
}

TEST_F(SeveralSignatures, OneThatTheAgentHasNoRoomForIsAskedForWhenItSays) {
  std::atomic<int> asked{0};
  std::chrono::steady_clock::time_point refused;
  std::chrono::steady_clock::duration after{};
  const OneKeyAgent agent([&](const keysocket::Request& request) {
    if (++asked == 2) {
      refused = std::chrono::steady_clock::now();
      return Refusal(request, keysocket::FailureCode::kResourceExhausted, "too many wait");
    }
    after = std::chrono::steady_clock::now() - refused;
    return Quick(request);
  });
  Configure(manager, agent);
  Ask();
  Await(1);
  Ask();
  EXPECT_EQ(Await(1)[0].ending.code, 0);
  EXPECT_EQ(asked, 3);
  EXPECT_GE(after, kRetry);
}

class KeyManagerServiceTest : public ::testing::Test {
 protected:
  // How a signature ends that waited for a thread while `meanwhile` was done.
  template <typename Meanwhile>
  grpc::StatusCode EndOfASignatureThatWaited(unary::Interest interest, Meanwhile meanwhile) {
    answers->Expect();
    {
      SigningThreads threads(1, 10);
      Hold(threads, go);
      threads.GaveUp();  // that it waits for one
      service = std::make_unique<KeyManagerService<AgentContract>>(manager, threads);
      service->Methods(blocking)
          .at("/spire.plugin.agent.keymanager.v1.KeyManager/SignData")
          .ask(std::make_shared<unary::Call>(answers, 1, Request(), 0, std::move(interest)), waits);
      meanwhile();
      go.count_down();
    }
    std::vector<unary::Answer> ready;
    answers->Take(ready);
    EXPECT_EQ(ready.size(), 1U);
    return ready.empty() ? grpc::StatusCode::OK : static_cast<grpc::StatusCode>(ready[0].ending.code);
  }

  const std::shared_ptr<unary::Answers> answers = unary::Answers::Make().value();
  std::latch go{1};
  OneKeyAgent agent{Quick};
  KeyManager manager;
  Threads blocking{1, 1};
  unary::Waits waits;
  std::unique_ptr<KeyManagerService<AgentContract>> service;
};

TEST_F(KeyManagerServiceTest, EndsBeforeTheSignaturesThatWait) {
  Configure(manager, agent);
  const auto code = EndOfASignatureThatWaited({}, [this] { service.reset(); });
  EXPECT_EQ(code, grpc::StatusCode::OK);
  EXPECT_EQ(agent.requests(), 2) << "with the list of its keys";
}

TEST_F(KeyManagerServiceTest, IsNotAskedForWhatItsClientGaveUp) {
  Configure(manager, agent);
  std::stop_source gone;
  const auto code = EndOfASignatureThatWaited({.gone = gone.get_token()}, [&] { gone.request_stop(); });
  EXPECT_EQ(code, grpc::StatusCode::CANCELLED);
  EXPECT_EQ(agent.requests(), 1);
}

TEST_F(KeyManagerServiceTest, IsNotAskedAfterTheClientsDeadline) {
  Configure(manager, agent);
  const Deadline until = After(std::chrono::milliseconds(1));
  const auto code = EndOfASignatureThatWaited({.until = until}, [&] {
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
  });
  EXPECT_EQ(code, grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(agent.requests(), 1);
}

TEST_F(KeyManagerServiceTest, IsNotAskedForWhatHasWaitedForTooLongToBeBegun) {
  Configure(manager, agent);
  const Deadline came = std::chrono::steady_clock::now() - KeyManager::kCallDeadline;
  EXPECT_EQ(EndOfASignatureThatWaited({.came = came}, [] {}), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(agent.requests(), 1);
}

}  // namespace
}  // namespace rootkeep::spire
