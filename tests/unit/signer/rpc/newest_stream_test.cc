#include "signer/rpc/newest_stream.h"

#include <grpcpp/create_channel.h>

#include <functional>
#include <set>

#include "proto/rootkeep/v1/certificate_authority.grpc.pb.h"
#include "signer/rpc/server.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::Eventually;

v1::TrustBundle Numbered(std::uint64_t sequence, std::size_t size = 0) {
  v1::TrustBundle bundle;
  bundle.set_sequence(sequence);
  if (size > 0) bundle.add_roots()->set_certificate(std::string(size, 'x'));
  return bundle;
}

// A stream for whoever calls, and a test that offers to all of them.
class StreamService final : public QueuedService {
 public:
  grpc::Service& grpc_service() override { return service_; }
  void Await(const CallQueue& queue) override { Stream::Wait<Stream>(*this, queue); }

  void ForEach(const std::function<void(NewestStream<v1::WatchTrustBundleRequest, v1::TrustBundle>&)>& work) {
    const MutexLock lock(mutex_);
    for (const auto& stream : streams_) work(*stream);
  }
  [[nodiscard]] std::size_t open() const {
    const MutexLock lock(mutex_);
    return streams_.size();
  }
  [[nodiscard]] int alive() const { return alive_; }

 private:
  class Stream final : public NewestStream<v1::WatchTrustBundleRequest, v1::TrustBundle> {
   public:
    Stream(StreamService& door, const CallQueue& queue) : NewestStream(queue), door_(door) { ++door_.alive_; }
    ~Stream() override { --door_.alive_; }

   private:
    void Ask(void* tag) override {
      door_.service_.RequestWatchTrustBundle(&context(), &request(), &writer(), calls().queue, calls().queue, tag);
    }
    void Replace() override { Wait<Stream>(door_, calls()); }
    void OnCall() override {
      if (request().trust_domain() == "throw") throw std::bad_alloc();
      const MutexLock lock(door_.mutex_);
      door_.streams_.insert(std::static_pointer_cast<Stream>(shared_from_this()));
    }
    void OnGone() override {
      const MutexLock lock(door_.mutex_);
      door_.streams_.erase(std::static_pointer_cast<Stream>(shared_from_this()));
    }

    StreamService& door_;
  };

  mutable Mutex mutex_;
  std::set<std::shared_ptr<Stream>> streams_ RK_GUARDED_BY(mutex_);
  std::atomic<int> alive_ = 0;
  v1::CertificateAuthority::AsyncService service_;
};

class NewestStreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(server_, Server::Start({{"127.0.0.1:0", grpc::InsecureServerCredentials()}}, {&service_}));
    stub_ = v1::CertificateAuthority::NewStub(
        grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->ports()[0]), grpc::InsecureChannelCredentials()));
  }
  void TearDown() override {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
    server_.reset();
    EXPECT_EQ(service_.alive(), 0) << "no call outlives the server";
  }
  void Offer(const v1::TrustBundle& bundle) {
    service_.ForEach([&](auto& stream) { stream.Offer(bundle); });
  }
  void End(const grpc::Status& status) {
    service_.ForEach([&](auto& stream) { stream.End(status); });
  }

  StreamService service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::CertificateAuthority::Stub> stub_;
  grpc::ClientContext context_;
  v1::TrustBundle bundle_;
};

TEST_F(NewestStreamTest, BringsWhatIsOfferedAndItsEnd) {
  const auto reader = stub_->WatchTrustBundle(&context_, {});
  ASSERT_TRUE(Eventually([&] { return service_.open() == 1; }));
  for (std::uint64_t number = 1; number <= 3; ++number) {
    Offer(Numbered(number));
    ASSERT_TRUE(reader->Read(&bundle_));
    EXPECT_EQ(bundle_.sequence(), number);
  }
  End({grpc::StatusCode::UNAVAILABLE, "first"});
  End({grpc::StatusCode::INTERNAL, "second"});
  Offer(Numbered(4));
  EXPECT_FALSE(reader->Read(&bundle_));
  EXPECT_EQ(reader->Finish().error_message(), "first");
  EXPECT_TRUE(Eventually([&] { return service_.open() == 0; }));
}

TEST_F(NewestStreamTest, ASlowReaderGetsTheNewestAndNotAllBeforeIt) {
  constexpr std::uint64_t kOffered = 1000;
  constexpr std::size_t kMoreThanIsInFlight = 1 << 20;
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  const auto stub = v1::CertificateAuthority::NewStub(grpc::CreateCustomChannel(
      "127.0.0.1:" + std::to_string(server_->ports()[0]), grpc::InsecureChannelCredentials(), arguments));
  const auto reader = stub->WatchTrustBundle(&context_, {});
  ASSERT_TRUE(Eventually([&] { return service_.open() == 1; }));
  for (std::uint64_t i = 1; i <= kOffered; ++i) Offer(Numbered(i, i == kOffered ? 1 : kMoreThanIsInFlight));
  std::uint64_t received = 0;
  do {
    ASSERT_TRUE(reader->Read(&bundle_));
    ++received;
  } while (bundle_.sequence() != kOffered);
  EXPECT_LE(received, 16U);
}

TEST_F(NewestStreamTest, HundredsComeAndGo) {
  for (int i = 0; i < 500; ++i) {
    grpc::ClientContext context;
    const auto reader = stub_->WatchTrustBundle(&context, {});
    ASSERT_TRUE(Eventually([&] { return service_.open() == 1; })) << i;
    Offer(Numbered(1));
    if (i % 2 == 0) {
      ASSERT_TRUE(reader->Read(&bundle_));
    }
    context.TryCancel();
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
    ASSERT_TRUE(Eventually([&] { return service_.open() == 0; })) << i;
  }
}

TEST_F(NewestStreamTest, WhatIsThrownEndsItsCallAlone) {
  grpc::ClientContext other;
  v1::WatchTrustBundleRequest request;
  request.set_trust_domain("throw");
  EXPECT_EQ(stub_->WatchTrustBundle(&other, request)->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  const auto reader = stub_->WatchTrustBundle(&context_, {});
  ASSERT_TRUE(Eventually([&] { return service_.open() == 1; }));
  Offer(Numbered(7));
  EXPECT_TRUE(reader->Read(&bundle_));
}

TEST_F(NewestStreamTest, EndsWithItsServer) {
  const auto reader = stub_->WatchTrustBundle(&context_, {});
  ASSERT_TRUE(Eventually([&] { return service_.open() == 1; }));
  server_->Shutdown(std::chrono::system_clock::now());
  EXPECT_FALSE(reader->Read(&bundle_));
  EXPECT_FALSE(reader->Finish().ok());
  Offer(Numbered(1));  // nobody is there to hear
}

}  // namespace
}  // namespace rootkeep
