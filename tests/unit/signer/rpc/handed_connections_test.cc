#include "signer/rpc/handed_connections.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/security/credentials.h>
#include <sys/socket.h>

#include <thread>

#include "proto/grpc/health.grpc.pb.h"
#include "signer/rpc/peer.h"
#include "signer/rpc/server.h"
#include "signer/rpc/unary_call.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// Says in the error's text who calls.
class WhoAmI final : public QueuedService {
 public:
  grpc::Service& grpc_service() override { return service_; }
  void Await(const CallQueue& queue) override { Call::Wait<Call>(*this, queue); }

 private:
  class Call final : public UnaryCall<HealthCheckRequest, HealthCheckResponse> {
   public:
    Call(WhoAmI& door, const CallQueue& queue) : UnaryCall(queue), door_(door) {}

   private:
    void Ask() override { door_.service_.RequestCheck(&context(), &request(), &responder(), queue(), queue(), tag()); }
    void Replace() override { Wait<Call>(door_, calls()); }
    void Handle() override {
      const Peer peer(context());
      const auto& caller = peer.socket_caller();
      FinishWithError({grpc::StatusCode::ABORTED,
                       caller ? caller->name + "@" + caller->trust_domain + ":" + std::to_string(caller->user)
                              : (peer.encrypted() ? "tls" : "nobody")});
    }
    WhoAmI& door_;
  };

  grpc::health::v1::Health::AsyncService service_;
};

class HandedConnections : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(
        server_, Server::Start({{"127.0.0.1:0", grpc::InsecureServerCredentials()}}, {&service_},
                               {{SocketCredentials({"a", "one.test", 7})}, {SocketCredentials({"b", "two.test", 8})}}));
  }
  void TearDown() override { server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5)); }

  // A connection handed to the server as the caller's at this place.
  std::unique_ptr<grpc::health::v1::Health::Stub> Connect(std::size_t place) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) std::abort();
    server_->Hand(place, Fd(ends[0]));
    return grpc::health::v1::Health::NewStub(grpc::CreateInsecureChannelFromFd("server", ends[1]));
  }
  static std::string Ask(grpc::health::v1::Health::Stub& stub,
                         const std::vector<std::pair<std::string, std::string>>& metadata = {}) {
    grpc::ClientContext context;
    for (const auto& [name, value] : metadata) context.AddMetadata(name, value);
    HealthCheckResponse response;
    return stub.Check(&context, {}, &response).error_message();
  }

  WhoAmI service_;
  std::unique_ptr<Server> server_;
};

TEST_F(HandedConnections, EveryCallIsItsSocketsCallers) {
  const auto a = Connect(0);
  const auto b = Connect(1);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Ask(*a), "a@one.test:7");
    EXPECT_EQ(Ask(*b), "b@two.test:8");
  }
}

TEST_F(HandedConnections, WhateverACallCarries) {
  const auto a = Connect(0);
  EXPECT_EQ(Ask(*a, {{"rootkeep_socket_caller", "b"}, {"authorization", "Bearer x"}}), "a@one.test:7");
}

TEST_F(HandedConnections, NobodyElseIsOne) {
  const auto stub = grpc::health::v1::Health::NewStub(
      grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->ports()[0]), grpc::InsecureChannelCredentials()));
  EXPECT_EQ(Ask(*stub, {{"rootkeep_socket_caller", "a"}}), "nobody");
}

// All calls of a connection share what says whose it is.
TEST_F(HandedConnections, ManyCallsAtOnce) {
  for (int round = 0; round < 20; ++round) {
    const auto a = Connect(0);
    const auto b = Connect(1);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back(
          [&, i] { EXPECT_EQ(Ask(i % 2 == 0 ? *a : *b), i % 2 == 0 ? "a@one.test:7" : "b@two.test:8"); });
    }
  }
}

}  // namespace
}  // namespace rootkeep
