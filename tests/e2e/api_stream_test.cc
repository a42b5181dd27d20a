// The trust bundle as a stream, keys published into it, and what of that is bounded.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <thread>

#include "keystore/evidence/key_evidence.h"
#include "proto/rootkeep/v1/certificate_authority.grpc.pb.h"
#include "tests/e2e/api_fixture.h"

namespace rootkeep {
namespace {

using testing::Bundles;
using testing::ForeignCa;
using testing::ForeignCaE2e;
using testing::HasCode;
using testing::IsOk;
using testing::kPatience;

TEST_F(ForeignCaE2e, ConnectionsAreBoundedAndAPlaceIsFreeAgain) {
  Start();
  const auto connect = [&] {
    auto stub = v1::CertificateAuthority::NewStub(
        grpc::CreateCustomChannel("unix:" + socket_, grpc::InsecureChannelCredentials(), [] {
          grpc::ChannelArguments arguments;
          arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
          return arguments;
        }()));
    grpc::ClientContext context;
    v1::CaEvidence evidence;
    const bool served = stub->GetCaEvidence(&context, {}, &evidence).ok();
    return std::pair(std::move(stub), served);
  };
  std::vector<std::unique_ptr<v1::CertificateAuthority::Stub>> open;
  for (std::size_t i = 0; i < CallerSockets::kMostConnections; ++i) {
    auto [stub, served] = connect();
    ASSERT_TRUE(served) << i;
    open.push_back(std::move(stub));
  }
  EXPECT_FALSE(connect().second);
  open.pop_back();
  EXPECT_TRUE(testing::Eventually([&] { return connect().second; }));
}

TEST_F(ForeignCaE2e, OneUserOfASocketTakesNoConnectionsOfAnother) {
  constexpr uid_t kNobody = 65534;
  if (geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
  auto& socket = *fixture_.config().api_callers[0].socket;
  socket.users.push_back(std::to_string(kNobody));
  socket.mode = 0666;
  ASSERT_EQ(chmod(fixture_.directory().path().c_str(), 0711), 0);
  Start();
  std::vector<Fd> held;
  std::jthread([&] {
    // Of this thread alone, which the library's call would not be.
    ASSERT_EQ(syscall(SYS_setresuid, -1, kNobody, -1), 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_.copy(address.sun_path, sizeof address.sun_path - 1);
    for (std::size_t i = 0; i < CallerSockets::kMostConnections; ++i) {
      Fd& one = held.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
      ASSERT_EQ(connect(one.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
  }).join();
  ASSERT_OK_AND_ASSIGN(const auto mine, CaClient::Make({.socket = socket_}));
  EXPECT_THAT(mine->SignCertificate(RequestFor(ForeignCa()), After(kPatience)), IsOk());
}

TEST_F(ForeignCaE2e, PublishesNoMoreOftenThanARotationCould) {
  Start();
  const ossl::PKey key = testing::MakeKey("P-256");
  const auto often = [&] {
    for (int i = 0; i < 100; ++i) {
      if (const auto published = Publish("a", key.get()); !published.ok()) return published.error().code();
    }
    return Code::kUnknown;
  };
  EXPECT_EQ(often(), Code::kResourceExhausted);
}

TEST_F(ForeignCaE2e, WatchesTheBundleAndPublishesKeysIntoIt) {
  Start();
  ASSERT_OK_AND_ASSIGN(const auto second, CaClient::Make({.socket = socket_}));
  Bundles bundles(*second);
  ASSERT_TRUE(bundles.WaitFor(1)) << "the present one comes at once";
  EXPECT_EQ(bundles.all()[0].roots_size(), 1);
  EXPECT_EQ(bundles.all()[0].jwt_keys_size(), 0);
  const ossl::PKey key = testing::MakeKey("P-256");
  ASSERT_OK_AND_ASSIGN(const auto published, Publish("a", key.get()));
  EXPECT_EQ(published.jwt_keys_size(), 1);
  ASSERT_TRUE(bundles.WaitFor(2));
  EXPECT_EQ(bundles.all()[1].jwt_keys(0).key_id(), "a");
  EXPECT_GT(bundles.all()[1].sequence(), bundles.all()[0].sequence());
  EXPECT_THAT(Publish("a", key.get()), IsOk()) << "the same again";
  EXPECT_THAT(Publish("a", testing::MakeKey("P-256").get()), HasCode(Code::kAlreadyExists));
  EXPECT_THAT(Publish("", key.get()), HasCode(Code::kInvalidArgument));
  ASSERT_OK_AND_ASSIGN(const auto answer, Sign(RequestFor(ForeignCa())));
  EXPECT_EQ(answer.trust_bundle().jwt_keys_size(), 1);
}

TEST_F(ForeignCaE2e, MayNotPublishOrWatchUnlessToldSo) {
  spire().publish_jwt_keys = false;
  spire().watch_bundle = false;
  Start();
  EXPECT_THAT(Publish("a", testing::MakeKey("P-256").get()), HasCode(Code::kUnimplemented)) << "as SPIRE wants it";
  const SystemClock clock;
  ASSERT_OK_AND_ASSIGN(const auto history,
                       TrustBundles::Open(fixture_.config().state_directory + "/rootkeep.db", clock));
  const auto event = history->History("cluster.local", 1).value().front();
  EXPECT_EQ(event.act, "jwt key published");
  EXPECT_EQ(event.refusal, "publish") << "what was refused is on record too";
  EXPECT_EQ(event.by, "caller:spire");
  Bundles bundles(*client_);
  ASSERT_TRUE(bundles.WaitForEnd());
  EXPECT_EQ(bundles.end()->code(), Code::kPermissionDenied);
  EXPECT_TRUE(bundles.all().empty());
}

TEST_F(ForeignCaE2e, AStreamOfAnotherTrustDomainIsRefused) {
  Start();
  Bundles bundles(*client_, "other.local");
  ASSERT_TRUE(bundles.WaitForEnd());
  EXPECT_EQ(bundles.end()->code(), Code::kPermissionDenied);
}

TEST_F(ForeignCaE2e, AStreamEndsWhenTheConfigurationTakesItAway) {
  Start();
  Bundles bundles(*client_);
  ASSERT_TRUE(bundles.WaitFor(1));
  config::Config without = fixture_.config();
  without.api_callers[0].caller.watch_bundle = false;
  fixture_.daemon().Reload(without);
  ASSERT_TRUE(bundles.WaitForEnd());
  EXPECT_EQ(bundles.end()->code(), Code::kPermissionDenied);
}

TEST_F(ForeignCaE2e, AStreamDoesNotHoldUpTheEnd) {
  Start();
  Bundles bundles(*client_);
  ASSERT_TRUE(bundles.WaitFor(1));
  const auto begin = std::chrono::steady_clock::now();
  fixture_.Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, fixture_.config().limits.drain / 2);
  ASSERT_TRUE(bundles.WaitForEnd());
  EXPECT_EQ(bundles.end()->code(), Code::kUnavailable);
  EXPECT_NE(access(socket_.c_str(), F_OK), 0) << "the file goes with the daemon";
}

TEST_F(ForeignCaE2e, StreamsAreBounded) {
  Start();
  std::vector<std::unique_ptr<Bundles>> streams;
  std::vector<std::unique_ptr<CaClient>> clients;
  for (std::size_t i = 0; i < BundleStreams::kMostEach; ++i) {
    clients.push_back(CaClient::Make({.socket = socket_}).value());
    streams.push_back(std::make_unique<Bundles>(*clients.back()));
    ASSERT_TRUE(streams.back()->WaitFor(1)) << i;
  }
  Bundles more(*client_);
  ASSERT_TRUE(more.WaitForEnd());
  EXPECT_EQ(more.end()->code(), Code::kResourceExhausted);
  streams.pop_back();
  const auto again = [&] {
    Bundles stream(*client_);
    return testing::Eventually([&] { return stream.end() || !stream.all().empty(); }) && !stream.all().empty();
  };
  EXPECT_TRUE(testing::Eventually(again)) << "a place is free when its stream has ended";
}

TEST_F(ForeignCaE2e, SeesWhatVouchesForTheIssuingKey) {
  Start();
  const auto channel = grpc::CreateChannel("unix:" + socket_, grpc::InsecureChannelCredentials());
  const auto stub = v1::CertificateAuthority::NewStub(channel);
  const auto ask = [&] {
    grpc::ClientContext context;
    v1::CaEvidence evidence;
    EXPECT_TRUE(stub->GetCaEvidence(&context, {}, &evidence).ok());
    return evidence;
  };
  const v1::CaEvidence evidence = ask();
  EXPECT_EQ(evidence.voucher(), VoucherText(Voucher::kTokenSoftware));
  ASSERT_OK_AND_ASSIGN(const KeyEvidence statement, ReadEvidence(evidence.statement()));
  ASSERT_OK_AND_ASSIGN(const ossl::Cert issuing, ParseCertificateDer(AsBytes(evidence.certificate())));
  EXPECT_EQ(statement.key.public_key, PublicKeyOf(issuing.get()).value());
  EXPECT_EQ(ask().statement(), evidence.statement()) << "the key does not sign for whoever asks";
}

}  // namespace
}  // namespace rootkeep
