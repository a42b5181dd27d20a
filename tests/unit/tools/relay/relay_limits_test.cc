// Whose calls keep others out of a relay, and for how long.
#include <grpcpp/generic/generic_stub.h>

#include <thread>

#include "tests/unit/tools/relay/relay_fixture.h"

namespace rootkeep::relay {
namespace {

using rootkeep::testing::Eventually;
using rootkeep::testing::RelayFixture;
using enum grpc::StatusCode;

// A call whose client does only what it is told to.
class SlowCall {
 public:
  explicit SlowCall(const std::shared_ptr<grpc::Channel>& channel)
      : call_(grpc::GenericStub(channel).PrepareCall(
            &context_, "/istio.v1.auth.IstioCertificateService/CreateCertificate", &queue_)) {
    call_->StartCall(nullptr);
    EXPECT_TRUE(Happened()) << "its headers are sent, before those of the next call";
  }
  ~SlowCall() {
    context_.TryCancel();
    if (!ended_) Status();
  }
  SlowCall(const SlowCall&) = delete;
  SlowCall& operator=(const SlowCall&) = delete;

  // Says all that it has to say.
  void Send() {
    istio::v1::auth::IstioCertificateRequest request;
    request.set_csr("a request");
    const grpc::Slice slice(request.SerializeAsString());
    call_->WriteLast({&slice, 1}, grpc::WriteOptions(), nullptr);
    EXPECT_TRUE(Happened());
  }
  // Waits for the end, without taking the answer.
  grpc::Status Status() {
    grpc::Status status;
    call_->Finish(&status, nullptr);
    EXPECT_TRUE(Happened());
    ended_ = true;
    return status;
  }

 private:
  bool Happened() {
    void* tag = nullptr;
    bool ok = false;
    const auto limit = std::chrono::system_clock::now() + std::chrono::seconds(30);
    return queue_.AsyncNext(&tag, &ok, limit) == grpc::CompletionQueue::GOT_EVENT && ok;
  }

  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  bool ended_ = false;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

class RelayLimits : public RelayFixture {};

TEST_F(RelayLimits, BeyondItsLimitItRefusesAndACallThatIsGivenUpMakesRoom) {
  Start({.max_calls = 1, .longest = std::chrono::seconds(60)});
  ca_->Hang();
  grpc::ClientContext first;
  std::jthread hanging([&] { Call(first); });
  ASSERT_TRUE(Eventually([this] { return ca_->Calls().size() == 1; }));
  EXPECT_EQ(CallCode(), RESOURCE_EXHAUSTED);
  first.TryCancel();
  ca_->Hang(false);
  EXPECT_TRUE(Eventually([this] { return CallCode() == OK; }));
}

TEST_F(RelayLimits, WhoSaysNothingKeepsNobodyOut) {
  Start({.max_calls = 1});
  const auto channel = Channel(root_);
  const SlowCall silent(channel);
  grpc::ClientContext context;
  EXPECT_TRUE(Call(context, channel).status.ok());
}

TEST_F(RelayLimits, WhoSaysNothingIsNotKept) {
  Start({.longest = std::chrono::milliseconds(100)});
  SlowCall silent(Channel(root_));
  EXPECT_EQ(silent.Status().error_code(), CANCELLED);
}

// Its answer waits for a flow-control window that never comes.
TEST_F(RelayLimits, WhoTakesNothingKeepsNobodyOutAndIsNotKept) {
  Start({.max_calls = 1, .longest = std::chrono::milliseconds(100)});
  ca_->SetChain({std::string(200'000, 'x')});
  SlowCall deaf(Channel(root_));
  deaf.Send();
  ASSERT_TRUE(Eventually([this] { return told_.Calls().size() == 1; })) << "it is answered";
  ca_->SetChain({"leaf", "root"});
  EXPECT_EQ(CallCode(), OK);
  const auto begin = std::chrono::steady_clock::now();
  relay_->Drain(std::chrono::seconds(30));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15)) << "no call is under way any more";
}

}  // namespace
}  // namespace rootkeep::relay
