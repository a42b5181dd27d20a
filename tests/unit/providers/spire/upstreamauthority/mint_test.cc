// Mint and Configure: what is asked of the daemon, what is refused, and how long an absent daemon is waited for.
#include <filesystem>

#include "tests/unit/providers/spire/upstreamauthority/upstream_host.h"

namespace rootkeep::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Clock = std::chrono::steady_clock;

class UpstreamMint : public UpstreamHost {};

TEST_F(UpstreamMint, ServesWhatSpireLooksFor) {
  EXPECT_THAT(host.Init(), ElementsAre("spire.plugin.server.upstreamauthority.v1.UpstreamAuthority",
                                       "spire.service.common.config.v1.Config"));
}

TEST_F(UpstreamMint, RefusesEverythingBeforeItIsConfigured) {
  for (const grpc::Status& status : {OpenMint().End(), OpenPublish("a", "key").End(), OpenLocalBundle().End()}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(status.error_message(), "not configured");
  }
}

TEST_F(UpstreamMint, AsksForAForeignCaAndPassesItOn) {
  Configure();
  auto stream = OpenMint("csr", 86'400);
  const auto first = stream.Next();
  ASSERT_TRUE(first);
  ASSERT_EQ(first->x509_ca_chain_size(), 2);
  EXPECT_EQ(first->x509_ca_chain(0).asn1(), "signed:csr");
  EXPECT_EQ(first->x509_ca_chain(1).asn1(), "intermediate");
  EXPECT_THAT(RootsOf(first), ElementsAre("root-a"));
  const auto asked = ca.Signed();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].profile(), "foreign-ca");
  EXPECT_EQ(asked[0].ttl_seconds(), 86'400);
  EXPECT_EQ(asked[0].trust_domain(), "example.org");
}

TEST_F(UpstreamMint, RefusesWhatIsNoRequest) {
  Configure();
  EXPECT_EQ(OpenMint("").End().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(OpenMint(std::string(65'537, 'x')).End().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(OpenMint("csr", -1).End().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(ca.Signed(), IsEmpty());
}

TEST_F(UpstreamMint, PassesTheDaemonsRefusalOn) {
  Configure();
  ca.AnswerWith({grpc::StatusCode::PERMISSION_DENIED, "another trust domain's name"});
  const grpc::Status status = OpenMint().End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(status.error_message(), HasSubstr("another trust domain's name"));
  EXPECT_EQ(ca.Signed().size(), 1U);
  EXPECT_TRUE(Eventually([this] { return host.Log().find("spire.mint_failed") != std::string::npos; }));
}

TEST_F(UpstreamMint, WaitsForADaemonThatIsNotUpYet) {
  ca.Stop();
  Configure();
  auto stream = OpenMint();
  ASSERT_TRUE(Eventually([this] { return host.Log().find("spire.daemon_lost") != std::string::npos; }));
  ca.Start();
  EXPECT_THAT(RootsOf(stream.Next()), ElementsAre("root-a"));
}

TEST_F(UpstreamMint, WaitsNoLongerThanConfigured) {
  ca.Stop();
  ASSERT_TRUE(host.Configure(Settings("wait_for_daemon = \"300ms\"")).ok());
  const auto begin = Clock::now();
  const grpc::Status status = OpenMint().End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("is rootkeepd up and ready at " + socket_));
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(5));
}

TEST_F(UpstreamMint, FailsSoonWhenAKnownDaemonIsAwayAndWorksWhenItIsBack) {
  Configure();
  ASSERT_TRUE(OpenMint().Next());
  ca.Stop();
  const auto begin = Clock::now();
  EXPECT_EQ(OpenMint().End().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(5));
  ca.Start();
  EXPECT_TRUE(OpenMint().Next());
}

TEST_F(UpstreamMint, HasItsOwnDeadline) {
  Configure();
  ASSERT_TRUE(OpenMint().Next());
  ca.Hang(true);
  const auto begin = Clock::now();
  EXPECT_EQ(OpenMint().End().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(12));
}

TEST_F(UpstreamMint, EndsTheDaemonsCallWithSpires) {
  Configure();
  ASSERT_TRUE(OpenMint().Next());
  ca.Hang(true);
  auto stream = OpenMint("abandoned");
  ASSERT_TRUE(Eventually([this] { return ca.Signed().size() == 2; }));
  EXPECT_EQ(stream.Cancel().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Eventually([this] { return host.Log().find("spire.mint_failed") != std::string::npos; },
                         std::chrono::seconds(5)));
}

TEST_F(UpstreamMint, RefusesAConfigurationThatNamesNoDaemonOrTwo) {
  for (const std::string settings : {"", "socket = \"relative\"", "socket = \"/a\"\naddress = \"ca:15012\"",
                                     "address = \"ca:15012\"", "socket = \"/a\"\ntoken_file = \"/b\"",
                                     "socket = \"/a\"\npin = \"1234\"", "socket = \"/a\"\nwait_for_daemon = \"6m\""}) {
    const grpc::Status status = host.Configure(settings);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << settings;
    EXPECT_THAT(status.error_message(), HasSubstr("plugin configuration: ")) << settings;
    EXPECT_THAT(status.error_message(), ::testing::Not(HasSubstr("1234")));
    EXPECT_FALSE(host.Validate(settings).valid()) << settings;
  }
  EXPECT_NE(host.Configure("address = \"ca:1\"\nanchors_file = \"/nonexistent\"\ntoken_file = \"/x\"").error_code(),
            grpc::StatusCode::OK);
}

TEST_F(UpstreamMint, TakesNoSocketThatOthersCanPutThere) {
  const std::string directory = std::filesystem::path(socket_).parent_path();
  std::filesystem::permissions(directory, std::filesystem::perms::others_write, std::filesystem::perm_options::add);
  const grpc::Status status = host.Configure(Settings());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("others can change " + directory));
  std::filesystem::permissions(directory, std::filesystem::perms::others_write, std::filesystem::perm_options::remove);
  Configure();
  ASSERT_TRUE(OpenMint().Next());
  std::filesystem::permissions(directory, std::filesystem::perms::group_write, std::filesystem::perm_options::add);
  EXPECT_EQ(OpenMint().End().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(UpstreamMint, ReadsItsSettingsAsJsonToo) {
  ASSERT_TRUE(host.Configure("{\"socket\": \"" + socket_ + "\", \"wait_for_daemon\": \"1m\"}").ok());
  EXPECT_TRUE(OpenMint().Next());
}

TEST_F(UpstreamMint, ValidatesWithoutAskingAnybody) {
  EXPECT_TRUE(host.Validate(Settings()).valid());
  EXPECT_EQ(OpenMint().End().error_message(), "not configured");
  EXPECT_EQ(ca.Watchers(), 0);
}

TEST_F(UpstreamMint, KeepsTheConfigurationBeforeOneThatIsRefused) {
  Configure();
  auto bundle = OpenLocalBundle();
  ASSERT_TRUE(bundle.Next());
  EXPECT_FALSE(host.Configure("socket = \"relative\"").ok());
  EXPECT_TRUE(OpenMint().Next());
  ca.SetRoots({{"root-a", false}, {"root-b", false}});
  EXPECT_THAT(RootsOf(bundle.Next()), ElementsAre("root-a", "root-b"));
}

TEST_F(UpstreamMint, AMintUnderWayIsAnsweredByTheDaemonThatWasAsked) {
  Configure();
  ca.Hang(true);
  auto mint = OpenMint();
  ASSERT_TRUE(Eventually([this] { return ca.Signed().size() == 1; }));
  const std::string socket = socket_ + ".other";
  FakeCertificateAuthority other(socket);
  ASSERT_TRUE(host.Configure("socket = \"" + socket + "\"").ok());
  ca.Hang(false);
  EXPECT_TRUE(mint.Next());
  EXPECT_EQ(other.Signed().size(), 0U);
}

TEST_F(UpstreamMint, TakesAnotherDaemonWithoutEndingStreams) {
  Configure();
  auto bundle = OpenLocalBundle();
  ASSERT_TRUE(bundle.Next());
  const std::string socket = socket_ + ".other";
  FakeCertificateAuthority other(socket);
  other.SetRoots({{"root-b", false}});
  ca.SetSequence(1000);
  ASSERT_TRUE(host.Configure("socket = \"" + socket + "\"").ok());
  EXPECT_THAT(RootsOf(bundle.Next()), ElementsAre("root-b"));
  EXPECT_TRUE(OpenMint().Next());
  EXPECT_EQ(other.Signed().size(), 1U);
  EXPECT_TRUE(Eventually([this] { return ca.Watchers() == 0; }));
}

}  // namespace
}  // namespace rootkeep::testing
