// Signatures that wait when the plugin ends.
#include "providers/spire/keymanager/service.h"

#include <gtest/gtest.h>

#include <latch>

namespace rootkeep::spire {
namespace {

using Outcome = SigningThreads::Outcome;

Deadline Later() { return After(std::chrono::seconds(30)); }

// Holds the only thread until `go`.
void Hold(SigningThreads& threads, std::latch& go) {
  std::latch held{1};
  ASSERT_TRUE(threads.Run(
      [&](Deadline deadline, bool again) {
        if (again) {  // as long as a slow token takes
          while (std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
          return Outcome::kNotDone;
        }
        held.count_down();
        go.wait();
        return Outcome::kFailed;
      },
      Later()));
  held.wait();
}

unary::RequestBody Request() {
  AgentContract::SignDataRequest request;
  request.set_key_id("k");
  request.set_hash_algorithm(::spire::plugin::agent::keymanager::v1::SHA256);
  unary::RequestBody body(std::make_shared<unary::RequestBudget>(100));
  EXPECT_TRUE(body.Append(request.SerializeAsString()));
  return body;
}

TEST(KeyManagerServiceTest, EndsBeforeTheSignaturesThatWait) {
  const auto answers = unary::Answers::Make().value();
  answers->Expect();
  std::latch go{1};
  KeyManager manager;
  Threads blocking(1, 1);
  {
    SigningThreads threads(1, 10);
    Hold(threads, go);
    auto service = std::make_unique<KeyManagerService<AgentContract>>(manager, threads);
    service->Methods(blocking)
        .at("/spire.plugin.agent.keymanager.v1.KeyManager/SignData")
        .handle(std::make_shared<unary::Call>(answers, 1, Request(), 0));
    service.reset();
    go.count_down();
  }
  std::vector<unary::Answer> ready;
  answers->Take(ready);
  ASSERT_EQ(ready.size(), 1U);
  EXPECT_EQ(ready[0].ending.code, grpc::StatusCode::FAILED_PRECONDITION) << ready[0].ending.text;
}

}  // namespace
}  // namespace rootkeep::spire
