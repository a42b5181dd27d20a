#include "signer/rpc/server.h"

#include <gtest/gtest.h>

#include <new>

#include "proto/grpc/health.grpc.pb.h"
#include "signer/rpc/unary_call.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

// Puts something off when it hears that no call will come: at the very end of its queue.
class LastMinuteService final : public QueuedService {
 public:
  grpc::Service& grpc_service() override { return service_; }
  void Await(const CallQueue& queue) override {
    waits_.push_back(std::make_unique<Wait>(*this, queue));
    Wait& wait = *waits_.back();
    service_.RequestCheck(&wait.context, &wait.request, &wait.writer, queue.queue, queue.queue, &wait.event());
  }
  [[nodiscard]] std::size_t waits() const { return waits_.size(); }
  [[nodiscard]] std::size_t done() const { return done_; }

 private:
  struct Wait final : Event {
    Wait(LastMinuteService& of, CallQueue of_queue) : owner(of), queue(std::move(of_queue)) {}
    Event& event() { return *this; }
    void Done(bool ok) override {
      EXPECT_FALSE(ok);
      queue.deferred->Set([this] { ++owner.done_; });
    }
    LastMinuteService& owner;
    CallQueue queue;
    grpc::ServerContext context;
    grpc::health::v1::HealthCheckRequest request;
    grpc::ServerAsyncResponseWriter<grpc::health::v1::HealthCheckResponse> writer{&context};
  };

  grpc::health::v1::Health::AsyncService service_;
  std::vector<std::unique_ptr<Wait>> waits_;
  std::atomic<std::size_t> done_ = 0;
};

TEST(Server, DoesWhatWasPutOffBeforeItEnds) {
  LastMinuteService service;
  ASSERT_OK_AND_ASSIGN(const auto server,
                       Server::Start({{"127.0.0.1:0", grpc::InsecureServerCredentials()}}, {&service}));
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
  EXPECT_GE(service.waits(), 1U);
  EXPECT_EQ(service.done(), service.waits());
}

// Takes no call from gRPC: Done is what a queue would call.
class LoneCall final : public UnaryCall<grpc::health::v1::HealthCheckRequest, grpc::health::v1::HealthCheckResponse> {
 public:
  LoneCall(const CallQueue& queue, int& replaced, int failures)
      : UnaryCall(queue), replaced_(replaced), failures_(failures) {}

 private:
  void Ask() override {}
  void Replace() override {
    if (failures_-- > 0) throw std::bad_alloc();
    ++replaced_;
  }
  void Handle() override {}

  int& replaced_;
  int failures_;
};

// Its queue still holds what came before the end, and gRPC aborts when it is asked for a call then.
TEST(UnaryCall, AsksForNoOtherWhenTheServerHasEnded) {
  const CallQueue queue{nullptr, std::make_shared<CallGate>(), nullptr};
  int replaced = 0;
  LoneCall(queue, replaced, 0).Done(true);
  EXPECT_EQ(replaced, 1);
  queue.gate->Close();
  LoneCall(queue, replaced, 0).Done(true);
  EXPECT_EQ(replaced, 1);
}

TEST(UnaryCall, MakesUpForTheOneThatCouldNotBeMade) {
  const CallQueue queue{nullptr, std::make_shared<CallGate>(), nullptr};
  int replaced = 0;
  LoneCall(queue, replaced, 1).Done(true);
  LoneCall(queue, replaced, 1).Done(true);
  EXPECT_EQ(replaced, 0);
  LoneCall(queue, replaced, 0).Done(true);
  EXPECT_EQ(replaced, 3);
}

}  // namespace
}  // namespace rootkeep
