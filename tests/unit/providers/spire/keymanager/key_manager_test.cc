// What becomes of those that wait while keys are made.
#include "providers/spire/keymanager/key_manager.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <latch>
#include <thread>

#include "keystore/keysocket/wire/reasons.h"
#include "providers/spire/plugin/hcl/parse.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_agent.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::spire {
namespace {

using keysocket::FakeAgent;
using testing::HasCode;
using testing::IsOk;

constexpr int kEcP256 = 1;

std::vector<std::uint8_t> Made(const keysocket::Request& request) {
  const std::string label = "rk/foreign-ca/" + std::string(std::get<keysocket::CreateCall>(request.call).name) + "/1";
  keysocket::KeyReply reply;
  reply.key.type = keysocket::WireType::kEcP256;
  reply.key.use = keysocket::WireUse::kForeignCa;
  reply.key.label = label;
  reply.key.spki = keysocket::OctetsOf("spki");
  SHA256(reply.key.spki.data(), reply.key.spki.size(), reply.key.fingerprint.data());
  return FakeAgent::Octets({request.number, reply});
}

std::vector<std::uint8_t> Refused(const keysocket::Request& request, std::string_view reason) {
  auto failure = keysocket::WireFailure(keysocket::FailureCode::kResourceExhausted, reason, "full");
  failure.retry_ms = 1;
  return FakeAgent::Octets({request.number, failure});
}

class KeyManagerTest : public ::testing::Test {
 protected:
  // With an agent that has no keys, and says this when it is asked for one.
  void Configure(FakeAgent::Answer create) {
    agent = std::make_unique<FakeAgent>(path, [this, create = std::move(create)](const keysocket::Request& request) {
      if (!std::holds_alternative<keysocket::CreateCall>(request.call)) {
        ++lists;
        return FakeAgent::Octets({request.number, keysocket::ListReply{}});
      }
      ++creations;
      return create(request);
    });
    hcl::Section section(hcl::Parse("socket = \"" + path + "\"\ninstance = \"test\"").value());
    ASSERT_THAT(manager.Configure("example.org", section), IsOk());
  }
  Result<ManagedKey> Generate(const std::string& id, const std::stop_token& gone = {}) {
    return manager.GenerateKey(id, kEcP256, {.deadline = After(std::chrono::seconds(20)), .gone = gone});
  }

  const testing::TempDir directory;
  const std::string path = directory / "s";
  std::atomic<int> lists{0};
  std::atomic<int> creations{0};
  std::unique_ptr<FakeAgent> agent;
  KeyManager manager;
};

TEST_F(KeyManagerTest, NoKeyIsMadeForACallerThatHasGoneWhileItWaited) {
  std::latch go{1};
  Configure([&](const keysocket::Request& request) {
    go.wait();
    return Made(request);
  });
  std::jthread first([&] { EXPECT_THAT(Generate("a"), IsOk()); });
  EXPECT_TRUE(testing::Eventually([this] { return creations == 1; }));
  std::stop_source gone;
  std::jthread second([&] { EXPECT_THAT(Generate("b", gone.get_token()), HasCode(Code::kUnavailable)); });
  gone.request_stop();
  go.count_down();
  first.join();
  second.join();
  EXPECT_EQ(creations, 1);
}

TEST_F(KeyManagerTest, TheKeysAreToldWhileOneWaitsForOthersToBeMade) {
  Configure([this](const keysocket::Request& request) {
    const bool told = lists > 1;  // since Configure
    return told ? Made(request) : Refused(request, keysocket::kReasonCreations);
  });
  std::jthread making([this] { EXPECT_THAT(Generate("a"), IsOk()); });
  EXPECT_TRUE(testing::Eventually([this] { return creations > 0; }));
  EXPECT_THAT(manager.GetPublicKeys(After(std::chrono::seconds(10))), IsOk());
}

TEST_F(KeyManagerTest, AKeyThatMayHaveBeenMadeIsAskedForOnce) {
  Configure([](const keysocket::Request& /*request*/) { return std::vector<std::uint8_t>(); });
  EXPECT_THAT(Generate("a"), HasCode(Code::kUnavailable));
  EXPECT_EQ(creations, 1);
}

TEST_F(KeyManagerTest, AKeyThatIsRefusedForAnotherReasonIsAskedForOnce) {
  Configure([](const keysocket::Request& request) { return Refused(request, "queue_full"); });
  EXPECT_THAT(Generate("a"), HasCode(Code::kResourceExhausted));
  EXPECT_EQ(creations, 1);
}

}  // namespace
}  // namespace rootkeep::spire
