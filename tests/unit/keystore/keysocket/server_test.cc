// What an agent serves, to whom.
#include "keystore/keysocket/server/server.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "keystore/base/log.h"
#include "tests/unit/keystore/keysocket/server_fixture.h"

namespace rootkeep::keysocket {
namespace {

using testing::HasCode;
using testing::IsOk;
using testing::Says;

class KeySocketServer : public ServerTest {};

TEST_F(KeySocketServer, SignsListsAndDescribesWhatIsGranted) {
  const auto web = one->Add("rk/app/web/1");
  const auto mail = two->Add("rk/app/mail/1");
  Start();
  Client client(app.path);
  EXPECT_TRUE(Sign(client, *web)) << why.message.view();
  EXPECT_TRUE(Sign(client, *mail)) << why.message.view();
  ListReply list;
  ASSERT_TRUE(client.List({}, Soon(), memory, list, why));
  EXPECT_EQ(list.count, 2U);
  EXPECT_FALSE(list.more);
  KeyDescription key;
  ASSERT_TRUE(client.Describe("keysocket:object=rk%2Fapp%2Fmail%2F1", Soon(), memory, key, why));
  EXPECT_EQ(key.fingerprint, FingerprintOf(mail->public_key()));
  EXPECT_EQ(key.use, WireUse::kApp);
  EXPECT_TRUE(key.Signs(WireScheme::kEcdsaSha256));
  EXPECT_FALSE(key.Signs(WireScheme::kEd25519));
  EXPECT_EQ(key.uri, "keysocket:token=two;object=rk%2Fapp%2Fmail%2F1;id=%01");
  // What people have in their files already.
  EXPECT_TRUE(client.Describe("pkcs11:token=two;object=rk%2Fapp%2Fmail%2F1", Soon(), memory, key, why));
  EXPECT_TRUE(client.Probe(Soon(), why));
}

TEST_F(KeySocketServer, ListsAnyNumberOfKeysInOrder) {
  for (int i = 0; i < 40; ++i) one->Add("rk/app/web/" + std::to_string(i + 1));
  Start();
  Client client(app.path);
  ListReply page{.more = true};
  Fingerprint after{};
  std::size_t count = 0;
  while (page.more) {
    ASSERT_TRUE(client.List(after, Soon(), memory, page, why));
    for (std::size_t i = 0; i < page.count; ++i) {
      EXPECT_LT(after, page.keys[i].fingerprint);
      after = page.keys[i].fingerprint;
      ++count;
    }
  }
  EXPECT_EQ(count, 40U);
}

TEST_F(KeySocketServer, AKeyThatIsNotGrantedIsNoKey) {
  const auto web = one->Add("rk/app/web/1");
  const auto mail = one->Add("rk/app/mail/1");
  one->Add("somebody else's label");
  app.grants = {AppsOf("web")};
  Start();
  const std::string log_file = directory / "log";
  ASSERT_THAT(log::Start(log::Level::kInfo, log_file), IsOk());
  Client client(app.path);
  EXPECT_TRUE(Sign(client, *web));
  EXPECT_FALSE(Sign(client, *mail));
  EXPECT_EQ(why.code, FailureCode::kNotFound);
  Failure absent;
  Signature signature;
  EXPECT_FALSE(client.Sign({.key = {1}, .input = Bytes(32)}, Soon(), signature, absent));
  EXPECT_EQ(absent, why) << "a caller learns nothing about keys that he may not use";
  KeyDescription key;
  EXPECT_FALSE(client.Describe("keysocket:object=rk%2Fapp%2Fmail%2F1", Soon(), memory, key, why));
  EXPECT_EQ(why.code, FailureCode::kNotFound);
  EXPECT_FALSE(client.Describe("keysocket:object=somebody%20else%27s%20label", Soon(), memory, key, why));
  EXPECT_EQ(why.code, FailureCode::kNotFound);
  ListReply list;
  ASSERT_TRUE(client.List({}, Soon(), memory, list, why));
  EXPECT_EQ(list.count, 1U);
  EXPECT_EQ(server->denied(), 2U);
  log::Stop();
  const auto text = ReadFile(log_file, 100'000);
  ASSERT_THAT(text, IsOk());
  for (const char* part : {"keysocket.denied", "rk/app/mail/1", "\"what\":\"sign\"", "\"what\":\"describe\"",
                           "\"program\":\"/", "\"uid\":"}) {
    EXPECT_THAT(*text, ::testing::HasSubstr(part));
  }
}

// Nor how many such keys there are.
TEST_F(KeySocketServer, TwoKeysThatAreNotGrantedAreNoKeysEither) {
  one->Add("rk/app/web/1");
  for (int i = 0; i < 2; ++i) one->Add("rk/app/mail/1");
  for (int i = 0; i < 2; ++i) one->Add("somebody else's label");
  app.grants = {AppsOf("web")};
  Start();
  Client client(app.path);
  KeyDescription key;
  const auto told = [&](const char* uri) {
    EXPECT_FALSE(client.Describe(uri, Soon(), memory, key, why));
    return std::pair(why.code, std::string(why.reason.view()));
  };
  const auto absent = told("keysocket:object=absent");
  EXPECT_EQ(absent.first, FailureCode::kNotFound);
  EXPECT_EQ(told("keysocket:object=rk%2Fapp%2Fmail%2F1"), absent);
  EXPECT_EQ(server->denied(), 1U);
  EXPECT_EQ(told("keysocket:object=rk%2Fapp%2Fabsent%2F1"), absent);
  EXPECT_EQ(told("keysocket:object=somebody%20else%27s%20label"), absent);
  // By a number that two keys have, neither his.
  one->Remove("rk/app/web/1");
  one->Add("rk/app/mail/2");
  EXPECT_EQ(told("keysocket:id=%05"), absent);
  // Who may use them is told why he cannot.
  one->Add("rk/app/web/1");
  one->Add("rk/app/web/1");
  EXPECT_EQ(told("keysocket:object=rk%2Fapp%2Fweb%2F1"),
            std::pair(FailureCode::kFailedPrecondition, std::string("key_ambiguous")));
}

TEST_F(KeySocketServer, ATokenThatIsAwayTellsNothingOfKeysThatAreNotGranted) {
  one->Add("rk/app/mail/1");
  app.grants = {AppsOf("web")};
  one->away = true;
  Start();
  Client client(app.path);
  KeyDescription key;
  EXPECT_FALSE(client.Describe("keysocket:object=rk%2Fapp%2Fmail%2F1", Soon(), memory, key, why));
  EXPECT_EQ(why.code, FailureCode::kNotFound);
  EXPECT_FALSE(client.Describe("keysocket:object=rk%2Fapp%2Fweb%2F1", Soon(), memory, key, why));
  EXPECT_EQ(why.code, FailureCode::kUnavailable);
  EXPECT_FALSE(client.Describe("keysocket:id=%01", Soon(), memory, key, why));
  EXPECT_EQ(why.code, FailureCode::kUnavailable) << "it says that whatever it is asked for";
}

// Granted on one token, asked for by a name that does not say on which.
TEST_F(KeySocketServer, AKeyThatIsServedFromOneTokenIsNotDeniedForAnother) {
  two->Add("rk/app/web/1");
  app.grants = {AppsOf("web"), AppsOf("mail")};
  app.grants.front().keys.front().token = "two";
  Start();
  Client client(app.path);
  KeyDescription key;
  EXPECT_TRUE(client.Describe("keysocket:object=rk%2Fapp%2Fweb%2F1", Soon(), memory, key, why));
  EXPECT_EQ(server->denied(), 0U);
}

TEST_F(KeySocketServer, ServesNobodyWhoIsNotNamed) {
  const auto web = one->Add("rk/app/web/1");
  app.grants.front().users = {geteuid() + 1};
  Start();
  EXPECT_FALSE(SignAnew(*web));
  EXPECT_EQ(why.code, FailureCode::kPermissionDenied);
  EXPECT_EQ(server->denied(), 1U);
}

TEST_F(KeySocketServer, ACallerIsKnownByUserOrGroup) {
  const auto web = one->Add("rk/app/web/1");
  SocketOptions by_user = Socket("by-user");
  by_user.grants = {AppsOf("*")};
  by_user.grants.front().users = {geteuid()};
  SocketOptions by_group = Socket("by-group");
  by_group.grants = {AppsOf("*")};
  by_group.grants.front().groups = {getegid()};
  others = {by_user, by_group};
  app.grants.front().groups = {getegid() + 1};
  Start();
  EXPECT_TRUE(SignAnew(*web, by_user.path));
  EXPECT_TRUE(SignAnew(*web, by_group.path));
  EXPECT_FALSE(SignAnew(*web));
}

TEST_F(KeySocketServer, CaKeysAreServedOnASocketOfTheCaServicesAlone) {
  const auto ca = one->Add("rk/rootkeep-ca/mesh/1");
  const auto web = one->Add("rk/app/web/1");
  SocketOptions for_ca = Socket("ca");
  for_ca.ca_service = true;
  for_ca.grants = {{.users = {geteuid()},
                    .groups = {},
                    .keys = {{.token = {}, .use = KeyUse::kRootkeepCa, .name = "*"}},
                    .may_create = false}};
  others = {for_ca};
  Start();
  EXPECT_TRUE(SignAnew(*ca, for_ca.path));
  EXPECT_TRUE(SignAnew(*web));
  EXPECT_FALSE(SignAnew(*ca));
  EXPECT_FALSE(SignAnew(*web, for_ca.path));
}

TEST_F(KeySocketServer, AConfigurationThatMixesUsesIsRefused) {
  const KeyPattern ca_key{.token = {}, .use = KeyUse::kRootkeepCa, .name = "mesh"};
  app.grants.front().keys.push_back(ca_key);
  EXPECT_THAT(TryStart(), HasCode(Code::kFailedPrecondition));
  app.ca_service = true;
  app.grants.front().users = {geteuid()};
  EXPECT_THAT(TryStart(), Says("a app key is not for the CA service's socket"));
  app.grants.front().keys = {ca_key};
  EXPECT_THAT(TryStart(), IsOk());
  server.reset();
  app.grants.front().users.clear();
  EXPECT_THAT(TryStart(), Says("does not say to which users"));
}

TEST_F(KeySocketServer, MakesKeysForWhoMayMakeThem) {
  app.grants = {AppsOf("web-*")};
  app.grants.front().keys.front().token = "two";
  app.grants.front().may_create = true;
  Start();
  Client client(app.path);
  KeyDescription key;
  ASSERT_TRUE(client.Create({.name = "web-1"}, Soon(), memory, key, why)) << why.message.view();
  EXPECT_EQ(key.label, "rk/app/web-1/1");
  EXPECT_EQ(key.device.label, "two");
  for (const CreateCall& refused : {CreateCall{.name = "mail"}, CreateCall{.use = WireUse::kNode, .name = "web-2"},
                                    CreateCall{.use = WireUse::kRootkeepCa, .name = "web-2"},
                                    CreateCall{.custody = WireCustody::kHsmBackup, .name = "web-2"}}) {
    EXPECT_FALSE(client.Create(refused, Soon(), memory, key, why));
    EXPECT_EQ(why.code, FailureCode::kPermissionDenied);
  }
  EXPECT_FALSE(client.Create({.name = "No Name"}, Soon(), memory, key, why));
  EXPECT_EQ(why.code, FailureCode::kInvalidArgument);
  EXPECT_EQ(server->denied(), 4U);
}

TEST_F(KeySocketServer, KnowsItsKeysAfterARestart) {
  const auto web = one->Add("rk/app/web/1");
  Start();
  Client client(app.path);
  EXPECT_TRUE(Sign(client, *web));
  server.reset();
  EXPECT_NE(access(app.path.c_str(), F_OK), 0) << "the file goes with the server";
  Start();
  EXPECT_TRUE(Sign(client, *web)) << why.message.view();
}

TEST_F(KeySocketServer, GuessesDoNotKeepTheTokensBusy) {
  Start();
  Client client(app.path);
  Signature signature;
  for (std::uint8_t i = 1; i < 200; ++i) {
    EXPECT_FALSE(client.Sign({.key = {i}, .input = Bytes(32)}, Soon(), signature, why));
    EXPECT_EQ(why.code, FailureCode::kNotFound);
  }
  EXPECT_LE(one->lists, 20);
}

TEST_F(KeySocketServer, ATokenThatIsAwaySaysSoAndHoldsUpNoOther) {
  const auto web = one->Add("rk/app/web/1");
  const auto mail = two->Add("rk/app/mail/1");
  one->away = true;
  Start();
  EXPECT_TRUE(SignAnew(*mail));
  EXPECT_FALSE(SignAnew(*web));
  EXPECT_EQ(why.code, FailureCode::kUnavailable);
  EXPECT_EQ(why.reason.view(), "token_absent");
  one->away = false;
  EXPECT_TRUE(testing::Eventually([&] { return SignAnew(*web); }));
}

TEST_F(KeySocketServer, SurvivesWhatIsThrown) {
  const auto web = one->Add("rk/app/web/1");
  one->throws = true;
  Start();
  EXPECT_FALSE(SignAnew(*web));
  EXPECT_EQ(why.code, FailureCode::kInternal);
  one->throws = false;
  EXPECT_TRUE(testing::Eventually([&] { return SignAnew(*web); }));
}

TEST_F(KeySocketServer, OnlyTheCaServiceSpeaksForOthers) {
  const auto web = one->Add("rk/app/web/1");
  const auto ca = one->Add("rk/rootkeep-ca/mesh/1");
  SocketOptions for_ca = Socket("ca");
  for_ca.ca_service = true;
  for_ca.grants = {{.users = {geteuid()},
                    .groups = {},
                    .keys = {{.token = {}, .use = KeyUse::kRootkeepCa, .name = "*"}},
                    .may_create = false}};
  others = {for_ca};
  Start();
  Signature signature;
  SignCall call = CallFor(web->public_key());
  call.flow = FlowMark("somebody");
  call.urgency = WireUrgency::kBulk;
  ASSERT_TRUE(Client(app.path).Sign(call, Soon(), signature, why));
  EXPECT_EQ(web->gate().last_share().flow, "app/" + std::to_string(geteuid()));
  EXPECT_EQ(web->gate().last_share().priority, Priority::kBulk);
  call.key = FingerprintOf(ca->public_key());
  ASSERT_TRUE(Client(for_ca.path).Sign(call, Soon(), signature, why));
  EXPECT_EQ(ca->gate().last_share().flow,
            "ca/" + std::to_string(geteuid()) + "/" + std::string(AsText(FlowMark("somebody"))));
}

// --- the socket as a file ---

TEST_F(KeySocketServer, TheFileHasTheModeThatWasAskedFor) {
  app.mode = 0620;
  app.group = getegid();
  Start();
  struct stat info{};
  ASSERT_EQ(stat(app.path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0620U);
  EXPECT_EQ(info.st_gid, getegid());
}

TEST_F(KeySocketServer, ReplacesADeadSocketAndNothingElse) {
  // One process dies, another starts.
  const pid_t child = fork();
  if (child == 0) {
    const auto listener = Listener::Open(app);
    _exit(listener.ok() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  ASSERT_EQ(access(app.path.c_str(), F_OK), 0) << "left by the child";
  Start();
  EXPECT_THAT(Listener::Open(app), HasCode(Code::kFailedPrecondition));
  server.reset();
  ASSERT_THAT(WriteFileAtomically(app.path, "mine", 0600), IsOk());
  EXPECT_THAT(Listener::Open(app), Says("is no socket"));
  EXPECT_EQ(access(app.path.c_str(), F_OK), 0);
}

TEST_F(KeySocketServer, LeavesAFileThatTookItsPlace) {
  Start();
  ASSERT_THAT(WriteFileAtomically(app.path, "mine", 0600), IsOk());
  server.reset();
  EXPECT_EQ(access(app.path.c_str(), F_OK), 0);
}

TEST_F(KeySocketServer, RefusesADirectoryThatOthersCanChange) {
  ASSERT_EQ(chmod(directory.path().c_str(), 0770), 0);
  EXPECT_THAT(TryStart(), Says("others than root and this process can change"));
  ASSERT_EQ(chmod(directory.path().c_str(), 0700), 0);
  EXPECT_THAT(TryStart(), IsOk());
}

TEST_F(KeySocketServer, ServesASocketThatItIsGiven) {
  const auto web = one->Add("rk/app/web/1");
  auto listener = Listener::Open(app);
  ASSERT_THAT(listener, IsOk());
  ASSERT_EQ(fcntl(listener->fd(), F_SETFL, 0), 0) << "as systemd makes them";
  std::map<std::string, Fd> given;
  given.emplace("app", Fd(fcntl(listener->fd(), F_DUPFD_CLOEXEC, 0)));
  auto started = Server::Start({app}, {{.name = "one", .store = one}}, options, std::move(given));
  ASSERT_THAT(started, IsOk());
  EXPECT_TRUE(SignAnew(*web));
  started->reset();
  EXPECT_EQ(access(app.path.c_str(), F_OK), 0) << "who made it removes it";
  std::map<std::string, Fd> wrong;
  wrong.emplace("app", Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)));
  EXPECT_THAT(Server::Start({app}, {{.name = "one", .store = one}}, options, std::move(wrong)),
              HasCode(Code::kFailedPrecondition));
}

}  // namespace
}  // namespace rootkeep::keysocket
