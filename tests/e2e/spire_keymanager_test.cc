// The key manager in a SPIRE that restarts, in front of an agent and a token that go and come back.
#include <signal.h>
#include <sys/wait.h>

#include "keystore/catalog/catalog.h"
#include "tests/e2e/spire_keymanager_fixture.h"
#include "tests/support/swtpm.h"

namespace rootkeep::testing {
namespace {

using keymanager::EC_P256;
using keymanager::PublicKey;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using enum grpc::StatusCode;

// What a call may take that cannot succeed.
constexpr std::chrono::seconds kFast{12};

template <typename Call>
std::chrono::nanoseconds Took(Call call) {
  const auto began = std::chrono::steady_clock::now();
  call();
  return std::chrono::steady_clock::now() - began;
}

TEST_F(SpireKeyManager, ARestartFindsTheSameKeys) {
  auto plugin = StartPlugin();
  for (const char* id : {"x509-CA-A", "JWT-Signer-A"}) ASSERT_TRUE(plugin->Generate(id, EC_P256).ok());
  ASSERT_TRUE(plugin->Generate("x509-CA-A", EC_P256).ok());
  const auto before = plugin->GetAll();
  EXPECT_EQ(before.size(), 2U);
  plugin.reset();
  plugin = StartPlugin();
  EXPECT_EQ(plugin->GetAll(), before);
  EXPECT_TRUE(plugin->Sign("x509-CA-A").ok());
}

TEST_F(SpireKeyManager, InstancesDoNotSeeEachOther) {
  const auto one = StartPlugin("prod");
  const auto other = StartPlugin("prod-2");
  PublicKey of_one;
  PublicKey of_other;
  ASSERT_TRUE(one->Generate("x509-CA-A", EC_P256, &of_one).ok());
  ASSERT_TRUE(other->Generate("x509-CA-A", EC_P256, &of_other).ok());
  EXPECT_NE(of_one.fingerprint(), of_other.fingerprint());
  EXPECT_EQ(one->GetAll(), (std::map<std::string, std::string>{{"x509-CA-A", of_one.fingerprint()}}));
  EXPECT_EQ(other->GetAll(), (std::map<std::string, std::string>{{"x509-CA-A", of_other.fingerprint()}}));
  EXPECT_TRUE(one->Sign("x509-CA-A").ok()) << "the other's new key replaced nothing of this one's";
}

class SpireKeyManagerTwins : public SpireKeyManager, public ::testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(Sockets, SpireKeyManagerTwins, ::testing::Values("spire", "spire-2"),
                         [](const auto& socket) { return std::string(socket.param) == "spire" ? "Same" : "Other"; });

TEST_P(SpireKeyManagerTwins, OneInstanceIsNotTakenFromASpireThatUsesIt) {
  auto one = StartPlugin();
  const auto twin = StartPlugin("prod-1", GetParam());
  ASSERT_TRUE(one->Generate("x509-CA-A", EC_P256).ok());
  ASSERT_TRUE(one->Sign("x509-CA-A").ok());
  const grpc::Status refused = twin->Generate("x509-CA-A", EC_P256);
  EXPECT_EQ(refused.error_code(), FAILED_PRECONDITION);
  EXPECT_THAT(refused.error_message(), AllOf(HasSubstr("key_in_use"), HasSubstr("rootkeep-spire-keymanager")));
  EXPECT_TRUE(one->Sign("x509-CA-A").ok());
  EXPECT_TRUE(one->Generate("x509-CA-A", EC_P256).ok()) << "its owner may";
  ASSERT_TRUE(one->Sign("x509-CA-A").ok());
  one.reset();
  EXPECT_TRUE(Eventually([&] { return twin->Generate("x509-CA-A", EC_P256).ok(); })) << "once that is gone";
}

TEST_F(SpireKeyManager, AKeyThatWasReplacedElsewhereIsFoundAnew) {
  const auto plugin = StartPlugin();
  const auto twin = StartPlugin();
  ASSERT_TRUE(plugin->Generate("x509-CA-A", EC_P256).ok());
  PublicKey newer;
  ASSERT_TRUE(twin->Generate("x509-CA-A", EC_P256, &newer).ok());
  EXPECT_TRUE(Eventually([&] {
    keymanager::SignDataResponse made;
    return plugin->Sign("x509-CA-A", &made).ok() && made.key_fingerprint() == newer.fingerprint();
  }));
}

TEST_F(SpireKeyManager, FailedRotationsLeaveAFewKeys) {
  const auto plugin = StartPlugin();
  ASSERT_TRUE(plugin->Generate("x509-CA-A", EC_P256).ok());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(plugin->Generate("x509-CA-B", EC_P256).ok()) << i;
    ASSERT_TRUE(plugin->Sign("x509-CA-B").ok()) << "its request";
    ASSERT_TRUE(plugin->Sign("x509-CA-A").ok()) << "goes on signing";
  }
  EXPECT_EQ(hsm.OpenStore()->List(After(kPatience))->size(), 2U + 1U + 4U) << "the fixture's, A, and as configured";
}

TEST_F(SpireKeyManager, AFullTokenIsNamedAndTheKeysThatItHasGoOn) {
  const Chaos chaos;
  ASSERT_NO_FATAL_FAILURE(RestartAgentBehind(chaos));
  const auto plugin = StartPlugin();
  PublicKey before;
  ASSERT_TRUE(plugin->Generate("x509-CA-A", EC_P256, &before).ok());
  chaos.Set("fail C_GenerateKeyPair CKR_DEVICE_MEMORY");
  const grpc::Status full = plugin->Generate("x509-CA-A", EC_P256);
  EXPECT_EQ(full.error_code(), RESOURCE_EXHAUSTED);
  EXPECT_THAT(full.error_message(), HasSubstr("token_full"));
  keymanager::SignDataResponse made;
  ASSERT_TRUE(plugin->Sign("x509-CA-A", &made).ok());
  EXPECT_EQ(made.key_fingerprint(), before.fingerprint()) << "replaced by nothing";
  chaos.Clear();
  EXPECT_TRUE(Eventually([&] { return plugin->Generate("x509-CA-A", EC_P256).ok(); })) << "there is room again";
}

TEST_F(SpireKeyManager, WorksAgainWhenAgentOrTokenReturn) {
  const auto plugin = StartPlugin();
  ASSERT_TRUE(plugin->Generate("x509-CA-A", EC_P256).ok());
  const auto before = plugin->GetAll();

  ASSERT_EQ(agent->Stop(kPatience), 0);
  keymanager::GetPublicKeyResponse found;
  EXPECT_LT(Took([&] { EXPECT_EQ(plugin->Sign("x509-CA-A").error_code(), UNAVAILABLE); }), kFast);
  EXPECT_LT(Took([&] { EXPECT_EQ(plugin->Get("x509-CA-A", found).error_code(), UNAVAILABLE); }), kFast)
      << "not as if it were lost";
  EXPECT_LT(Took([&] { EXPECT_EQ(plugin->Generate("x509-CA-B", EC_P256).error_code(), UNAVAILABLE); }), kFast);
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  EXPECT_TRUE(Eventually([&] { return plugin->Sign("x509-CA-A").ok(); }));
  EXPECT_EQ(plugin->GetAll(), before);

  hsm.TakeAway();
  EXPECT_TRUE(Eventually([&] { return plugin->Sign("x509-CA-A").error_code() == UNAVAILABLE; }));
  EXPECT_LT(Took([&] { EXPECT_EQ(plugin->Get("x509-CA-A", found).error_code(), UNAVAILABLE); }), kFast);
  hsm.GiveBack();
  EXPECT_TRUE(Eventually([&] { return plugin->Sign("x509-CA-A").ok(); }));
  EXPECT_TRUE(Eventually([&] { return plugin->Generate("x509-CA-B", EC_P256).ok(); }));
}

TEST_F(SpireKeyManager, AnAgentThatHangsIsGivenUp) {
  const auto plugin = StartPlugin();
  ASSERT_TRUE(plugin->Generate("x509-CA-A", EC_P256).ok());
  ASSERT_EQ(kill(agent->pid(), SIGSTOP), 0);
  int status = 0;
  ASSERT_EQ(waitpid(agent->pid(), &status, WUNTRACED), agent->pid()) << "all of its threads have stopped then";
  EXPECT_LT(Took([&] { EXPECT_EQ(plugin->Sign("x509-CA-A").error_code(), UNAVAILABLE); }), kFast);
  ASSERT_EQ(kill(agent->pid(), SIGCONT), 0);
  EXPECT_TRUE(Eventually([&] { return plugin->Sign("x509-CA-A").ok(); }));
}

TEST_F(SpireKeyManager, IsConfiguredFirstAndAnewWithoutLoss) {
  KeyManagerProcess plugin;
  const grpc::Status early = plugin.Sign("x509-CA-A");
  EXPECT_EQ(early.error_code(), FAILED_PRECONDITION);
  EXPECT_EQ(early.error_message(), "not configured");
  const std::string good = KeyManagerProcess::Settings(Socket("spire"), "prod-1");
  const std::pair<std::string, const char*> bad[] = {
      {"instance = \"a\"", "socket is required"},
      {"socket = \"/run/keys\"", "instance is required"},
      {"socket = \"keys\"\ninstance = \"a\"", "not an absolute path"},
      {"socket = \"/" + std::string(107, 'x') + "\"\ninstance = \"a\"", "longer than 107"},
      {"socket = \"/run/keys\"\ninstance = \"A\"", "instance is not"},
      {good + "pin = \"4711\"", "pin"}};
  for (const auto& [settings, part] : bad) {
    const grpc::Status status = plugin.host.Configure(settings);
    EXPECT_EQ(status.error_code(), INVALID_ARGUMENT) << settings;
    EXPECT_THAT(status.error_message(), AllOf(HasSubstr(part), Not(HasSubstr("4711"))));
    EXPECT_FALSE(plugin.host.Validate(settings).valid()) << settings;
  }
  ASSERT_TRUE(plugin.host.Configure(good).ok());
  ASSERT_TRUE(plugin.Generate("x509-CA-A", EC_P256).ok());
  EXPECT_FALSE(plugin.host.Configure("instance = \"a\"").ok());
  EXPECT_TRUE(plugin.Sign("x509-CA-A").ok()) << "what was in force still is";
  ASSERT_TRUE(plugin.host.Configure(good).ok());
  EXPECT_TRUE(plugin.Sign("x509-CA-A").ok());
  EXPECT_THAT(plugin.host.Log(), AllOf(Not(HasSubstr(SoftHsm::kPin)), Not(HasSubstr("4711"))));
}

TEST_F(SpireKeyManager, WaitsForAnAgentThatStartsLaterAndSaysWhenItDoesNot) {
  ASSERT_EQ(agent->Stop(kPatience), 0);
  KeyManagerProcess plugin;
  const std::string settings = KeyManagerProcess::Settings(Socket("spire"), "prod-1");
  EXPECT_TRUE(plugin.host.Validate(settings).valid()) << "touches nothing";
  grpc::Status away;
  EXPECT_LT(Took([&] { away = plugin.host.Configure(settings); }), kFast);
  EXPECT_EQ(away.error_code(), UNAVAILABLE);
  EXPECT_THAT(away.error_message(), HasSubstr(Socket("spire")));
  std::jthread later([&] { EXPECT_TRUE(plugin.host.Configure(settings).ok()); });
  StartAgent();
}

TEST(SpireKeyManagerTpm, KeysAreInATpmWhichHasNotAllTypes) {
  const TempDir directory;
  const SwTpm tpm;
  const std::string socket = directory / "run/keys";
  const std::string config =
      "version: 1\nstate_directory: " + (directory / "state") + "\ntpms:\n  - name: tpm0\n    tcti: " + tpm.tcti() +
      "\nsockets:\n  - name: spire\n    path: " + socket +
      "\n    grants:\n      - keys:\n          - use: foreign-ca\n            name: \"node-7.*\"\n"
      "        may_create: true\n";
  ASSERT_THAT(WriteFileAtomically(directory / "agent.yaml", config, 0600), IsOk());
  auto agent = cli::Child::Start({ROOTKEEP_AGENT, "--config", directory / "agent.yaml"}, directory / "agent.log");
  ASSERT_THAT(agent, IsOk());
  KeyManagerProcess plugin;
  ASSERT_TRUE(plugin.host.Configure(KeyManagerProcess::Settings(socket, "node-7")).ok());
  for (const auto type : {EC_P256, keymanager::EC_P384, keymanager::RSA_2048}) {
    PublicKey key;
    const grpc::Status made = plugin.Generate("agent-svid-A", type, &key);
    ASSERT_TRUE(made.ok()) << made.error_message();
    keymanager::SignDataRequest request;
    request.set_key_id("agent-svid-A");
    request.set_data(std::string(AsText(*Digest(Hash::kSha384, AsBytes("message")))));
    request.set_hash_algorithm(keymanager::SHA384);
    keymanager::SignDataResponse signature;
    ASSERT_TRUE(plugin.Sign(request, signature).ok());
    EXPECT_TRUE(VerifiesMessage(key, "SHA384", false, "message", signature.signature()));
  }
  const grpc::Status refused = plugin.Generate("agent-svid-B", keymanager::RSA_4096);
  EXPECT_EQ(refused.error_code(), UNIMPLEMENTED);
  EXPECT_THAT(refused.error_message(), HasSubstr("rsa-4096"));
  KeyManagerProcess stranger;
  ASSERT_TRUE(stranger.host.Configure(KeyManagerProcess::Settings(socket, "node-8")).ok());
  EXPECT_THAT(stranger.GetAll(), IsEmpty());
  EXPECT_EQ(stranger.Generate("agent-svid-A", EC_P256).error_code(), PERMISSION_DENIED);
  EXPECT_EQ(agent->Stop(std::chrono::seconds(30)), 0);
}

}  // namespace
}  // namespace rootkeep::testing
