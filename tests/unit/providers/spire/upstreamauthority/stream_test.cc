// The three streams: every change arrives, once, on the stream that it belongs to, through loss and return of the
// daemon.
#include <filesystem>

#include "providers/spire/upstreamauthority/bundle_feed.h"
#include "tests/unit/providers/spire/upstreamauthority/upstream_host.h"

namespace rootkeep::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class UpstreamStreams : public UpstreamHost {
 protected:
  void SetUp() override { Configure(); }

  // What was told until now has surely been heard.
  static void BeHeard() {
    const auto told = std::chrono::steady_clock::now();
    ASSERT_TRUE(Eventually([&] { return std::chrono::steady_clock::now() - told > 2 * spire::BundleFeed::kTakenIn; }));
  }
};

TEST_F(UpstreamStreams, MintTellsOfRootsWithoutAChain) {
  auto stream = OpenMint();
  ASSERT_TRUE(stream.Next());
  ca.SetRoots({{"root-a", false}, {"root-b", false}});
  const auto added = stream.Next();
  EXPECT_THAT(RootsOf(added), ElementsAre("root-a", "root-b"));
  EXPECT_EQ(added->x509_ca_chain_size(), 0);
  ca.SetRoots({{"root-a", true}, {"root-b", false}});
  EXPECT_THAT(RootsOf(stream.Next()), ElementsAre("!root-a", "root-b"));
  ca.SetRoots({{"root-b", false}});
  EXPECT_THAT(RootsOf(stream.Next()), ElementsAre("root-b"));
}

TEST_F(UpstreamStreams, LocalBundleHasRootsAndKeys) {
  auto stream = OpenLocalBundle();
  const auto first = stream.Next();
  EXPECT_THAT(RootsOf(first), ElementsAre("root-a"));
  EXPECT_THAT(KeysOf(first), IsEmpty());
  auto publish = OpenPublish("a", "key");
  ASSERT_TRUE(publish.Next());
  EXPECT_THAT(KeysOf(stream.Next()), ElementsAre("a=key"));
  ca.SetRoots({{"root-a", true}, {"root-b", false}});
  EXPECT_THAT(RootsOf(stream.Next()), ElementsAre("!root-a", "root-b"));
}

TEST_F(UpstreamStreams, RootsAreToldOnOneStreamOnly) {
  auto mint = OpenMint();
  ASSERT_TRUE(mint.Next());
  auto local = OpenLocalBundle();
  ASSERT_TRUE(local.Next());
  ca.SetRoots({{"root-a", true}, {"root-b", false}});
  EXPECT_THAT(RootsOf(local.Next()), ElementsAre("!root-a", "root-b"));
  ca.SetRoots({{"root-b", false}});
  EXPECT_THAT(RootsOf(local.Next()), ElementsAre("root-b"));
  BeHeard();
  // Its silence ends with the subscription, and what it says first is what the other has not said.
  EXPECT_EQ(local.Cancel().error_code(), grpc::StatusCode::CANCELLED);
  ca.SetRoots({{"root-b", false}, {"root-c", false}});
  EXPECT_THAT(RootsOf(mint.Next()), ElementsAre("root-b", "root-c"));
}

TEST_F(UpstreamStreams, ATaintIsNotToldAgainWhenTheLocalBundlesStreamHasEnded) {
  auto mint = OpenMint();
  ASSERT_TRUE(mint.Next());
  auto local = OpenLocalBundle();
  ASSERT_TRUE(local.Next());
  ca.SetRoots({{"root-a", true}, {"root-b", false}});
  EXPECT_THAT(RootsOf(local.Next()), ElementsAre("!root-a", "root-b"));
  BeHeard();
  EXPECT_EQ(local.Cancel().error_code(), grpc::StatusCode::CANCELLED);
  ASSERT_TRUE(OpenPublish("a", "key-a").Next()) << "a bundle with the same roots";
  ca.SetRoots({{"root-b", false}});
  EXPECT_THAT(RootsOf(mint.Next()), ElementsAre("root-b"));
}

TEST_F(UpstreamStreams, ATaintThatMintLearnsFirstIsToldByTheLocalBundleFirst) {
  auto local = OpenLocalBundle();
  ASSERT_TRUE(local.Next());
  ca.SetRootsUnheard({{"root-a", true}, {"root-b", false}});
  const auto begin = std::chrono::steady_clock::now();
  auto mint = OpenMint();
  EXPECT_THAT(RootsOf(local.Next()), ElementsAre("!root-a", "root-b"));
  const auto told = std::chrono::steady_clock::now();
  EXPECT_THAT(RootsOf(mint.Next()), ElementsAre("!root-a", "root-b"));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
  EXPECT_LT(told - begin, std::chrono::seconds(1));
}

TEST_F(UpstreamStreams, AMintAfterATaintDoesNotWait) {
  auto local = OpenLocalBundle();
  ASSERT_TRUE(local.Next());
  ca.SetRoots({{"root-a", true}, {"root-b", false}});
  ASSERT_TRUE(local.Next());
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(RootsOf(OpenMint().Next()), ElementsAre("!root-a", "root-b"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST_F(UpstreamStreams, KeysOfOneServerReachTheOthers) {
  auto first = OpenPublish("a", "key-a");
  EXPECT_THAT(KeysOf(first.Next()), ElementsAre("a=key-a"));
  SpireHost other(ROOTKEEP_SPIRE_UPSTREAMAUTHORITY, "UpstreamAuthority");
  ASSERT_TRUE(other.Configure(Settings()).ok());
  upstream::PublishJWTKeyRequest request;
  request.mutable_jwt_key()->set_key_id("b");
  request.mutable_jwt_key()->set_public_key("key-b");
  PluginCall call;
  const auto stream = upstream::UpstreamAuthority::NewStub(other.channel())->PublishJWTKeyAndSubscribe(&call, request);
  upstream::PublishJWTKeyResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.upstream_jwt_keys_size(), 2);
  EXPECT_THAT(KeysOf(first.Next()), ElementsAre("a=key-a", "b=key-b"));
  call.TryCancel();
  while (stream->Read(&response)) {
  }
  stream->Finish();
}

TEST_F(UpstreamStreams, RefusesAnotherKeyUnderTheSameIdAndWhatIsNoKey) {
  ASSERT_TRUE(OpenPublish("a", "key").Next());
  EXPECT_THAT(KeysOf(OpenPublish("a", "key").Next()), ElementsAre("a=key"));
  EXPECT_EQ(OpenPublish("a", "other").End().error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(OpenPublish("", "key").End().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(OpenPublish("b", "").End().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(OpenPublish(std::string(257, 'x'), "key").End().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(UpstreamStreams, AnswersAboutKeysBeforeSpireGivesUp) {
  ASSERT_TRUE(OpenPublish("a", "key").Next());
  ca.Stop();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(OpenPublish("b", "key").End().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST_F(UpstreamStreams, AnswersAboutKeysBeforeSpireGivesUpOnADaemonThatHangs) {
  ca.Hang(true);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(OpenPublish("a", "key").End().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

// SPIRE takes no other error for "keep your keys to yourself", and does not start then.
TEST_F(UpstreamStreams, ACallerThatMayNotPublishHasAnUpstreamWithoutJwtKeys) {
  ca.AnswerWith({grpc::StatusCode::UNIMPLEMENTED, "the caller may not publish JWT keys"});
  const grpc::Status refused = OpenPublish("a", "key").End();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(refused.error_message(), ::testing::HasSubstr("may not publish JWT keys"));
  EXPECT_THAT(host.Log(), ::testing::HasSubstr("spire.jwt_key_not_published"));
  ca.AnswerWith({grpc::StatusCode::PERMISSION_DENIED, "not a caller of this API"});
  EXPECT_EQ(OpenPublish("a", "key").End().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(UpstreamStreams, SayThatTheyMayNotWatchWhenTheDaemonComesBackLikeThat) {
  ca.Stop();
  ASSERT_TRUE(Eventually([this] { return host.Log().find("spire.daemon_lost") != std::string::npos; }));
  ca.AnswerWatchWith({grpc::StatusCode::PERMISSION_DENIED, "the caller may not watch the trust bundle"});
  ca.Start();
  EXPECT_TRUE(Eventually([this] { return host.Log().find("spire.watch_refused") != std::string::npos; }));
  EXPECT_THAT(host.Log(), ::testing::HasSubstr("may not watch the trust bundle"));
}

TEST_F(UpstreamStreams, SurviveTheDaemonsLossAndReturn) {
  auto local = OpenLocalBundle();
  ASSERT_TRUE(local.Next());
  auto publish = OpenPublish("a", "key");
  ASSERT_TRUE(publish.Next());
  ASSERT_TRUE(local.Next());
  ca.Stop();
  ASSERT_TRUE(Eventually([this] { return host.Log().find("spire.daemon_lost") != std::string::npos; }));
  ca.SetRoots({{"root-a", false}, {"root-b", false}});
  ca.Start();
  EXPECT_THAT(RootsOf(local.Next()), ElementsAre("root-a", "root-b"));
}

TEST_F(UpstreamStreams, ASequenceThatFellBackIsTakenOnlyFromANewWatch) {
  ca.SetSequence(50);
  auto local = OpenLocalBundle();
  ASSERT_TRUE(local.Next());
  ca.Stop();
  ASSERT_TRUE(Eventually([this] { return host.Log().find("spire.daemon_lost") != std::string::npos; }));
  ca.SetRoots({{"root-b", false}});
  ca.SetSequence(7);
  ca.Start();
  EXPECT_THAT(RootsOf(local.Next()), ElementsAre("root-b"));
}

TEST_F(UpstreamStreams, LocalBundleWaitsForADaemonInsteadOfFailing) {
  ca.Stop();
  SpireHost late(ROOTKEEP_SPIRE_UPSTREAMAUTHORITY, "UpstreamAuthority");
  ASSERT_TRUE(late.Configure(Settings()).ok());
  PluginCall call;
  const auto stream = upstream::UpstreamAuthority::NewStub(late.channel())->SubscribeToLocalBundle(&call, {});
  ASSERT_TRUE(Eventually([&] { return late.Log().find("spire.daemon_lost") != std::string::npos; }));
  ca.Start();
  upstream::SubscribeToLocalBundleResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.upstream_x509_roots_size(), 1);
  call.TryCancel();
  while (stream->Read(&response)) {
  }
  stream->Finish();
}

TEST_F(UpstreamStreams, LeaveNothingBehind) {
  const auto count = [this](const char* what) {
    const std::filesystem::directory_iterator all("/proc/" + std::to_string(host.pid()) + "/" + what);
    return std::distance(begin(all), end(all));
  };
  const auto threads = count("task");
  const auto descriptors = count("fd");
  const auto open_and_cancel = [](auto stream) {
    EXPECT_TRUE(stream.Next());
    EXPECT_EQ(stream.Cancel().error_code(), grpc::StatusCode::CANCELLED);
  };
  for (int i = 0; i < 1000 && !HasFailure(); ++i) {
    open_and_cancel(OpenLocalBundle());
    open_and_cancel(OpenMint());
    open_and_cancel(OpenPublish("a", "key"));
  }
  EXPECT_TRUE(Eventually([&] { return count("task") <= threads + 4 && count("fd") <= descriptors + 4; }));
}

TEST_F(UpstreamStreams, EndWellWhenSpireLetsGo) {
  auto mint = OpenMint();
  ASSERT_TRUE(mint.Next());
  auto local = OpenLocalBundle();
  ASSERT_TRUE(local.Next());
  EXPECT_TRUE(host.Deinit().ok());
  EXPECT_TRUE(mint.End().ok());
  EXPECT_TRUE(local.End().ok());
  EXPECT_TRUE(host.Shutdown().ok());
  const SpireHost::End end = host.WaitForEnd();
  EXPECT_EQ(end.status, 0);
  EXPECT_LT(end.after, std::chrono::seconds(2));
  EXPECT_TRUE(Eventually([this] { return ca.Watchers() == 0; }));
}

}  // namespace
}  // namespace rootkeep::testing
