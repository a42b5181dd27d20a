// The agent and the key catalogue, and keys that other tools made.
#include <fmt/format.h>

#include "keystore/catalog/adopt.h"
#include "keystore/catalog/permission.h"
#include "keystore/keysocket/values/uri.h"
#include "tests/e2e/agent_process.h"
#include "tests/support/program.h"

namespace rootkeep::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AgentCatalogue : public AgentProcess {
 protected:
  void SetUp() override {
    Write(Config());
    ASSERT_NO_FATAL_FAILURE(Start());
  }

  [[nodiscard]] std::unique_ptr<Catalog> OpenCatalogue() const { return Catalog::Open(Catalogue()).value(); }
  void AdoptWeb() {
    ASSERT_THAT(Adopt(*OpenCatalogue(), *web, CustodyLevel::kLocalOnly, DefaultUsers(KeyUse::kApp), Now()), IsOk());
  }
  static WallTime Now() { return std::chrono::system_clock::now(); }
  // Waits until a signature fails for this reason.
  static bool IsRefused(const Signer& signer, std::string_view reason) {
    return Eventually([&] {
      const Status status = SignAndVerify(signer);
      return !status.ok() && status.error().reason() == reason;
    });
  }
};

TEST_F(AgentCatalogue, ARetiredKeySignsNoMoreAndIsNotOffered) {
  ASSERT_OK_AND_ASSIGN(const auto key, Open("web", *web));
  EXPECT_THAT(SignAndVerify(*key), IsOk()) << "without a row, as before there was a catalogue";
  ASSERT_NO_FATAL_FAILURE(AdoptWeb());
  EXPECT_THAT(SignAndVerify(*key), IsOk());
  ASSERT_THAT(OpenCatalogue()->Retire(web->label, Now()), IsOk());
  EXPECT_TRUE(IsRefused(*key, "key_state"));
  EXPECT_THAT(Open("web", *web), HasReason("key_state"));
  EXPECT_THAT(Open("web", *web), Says("it is RETIRED"));
  ASSERT_OK_AND_ASSIGN(const auto keys, keysocket::OpenStore(Socket("web"))->List(After(kPatience)));
  EXPECT_TRUE(keys.empty());
  EXPECT_THAT(Log(), HasSubstr("keysocket.denied"));
  EXPECT_EQ(agent->Stop(kPatience), 0);
  // So after a restart, from its first moment on.
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_THAT(Open("web", *web), HasReason("key_state"));
}

TEST_F(AgentCatalogue, OnlyKeysThatTheAgentMaySignWithAreServed) {
  ASSERT_OK_AND_ASSIGN(const auto key, Open("web", *web));
  ASSERT_NO_FATAL_FAILURE(AdoptWeb());
  ASSERT_THAT(OpenCatalogue()->Permit(web->label, {"operator"}), IsOk());
  EXPECT_TRUE(IsRefused(*key, "key_user"));
  ASSERT_THAT(OpenCatalogue()->Permit(web->label, {std::string(kUserAgent)}), IsOk());
  EXPECT_TRUE(Eventually([&] { return SignAndVerify(*key).ok(); }));
  // On the socket of the CA service it is that which signs.
  ASSERT_OK_AND_ASSIGN(const auto ca_key, Open("ca", *ca));
  ASSERT_THAT(Adopt(*OpenCatalogue(), *ca, CustodyLevel::kLocalOnly, {std::string(kUserAgent)}, Now()), IsOk());
  EXPECT_TRUE(IsRefused(*ca_key, "key_user"));
  ASSERT_THAT(OpenCatalogue()->Permit(ca->label, DefaultUsers(KeyUse::kRootkeepCa)), IsOk());
  EXPECT_TRUE(Eventually([&] { return SignAndVerify(*ca_key).ok(); }));
}

TEST_F(AgentCatalogue, AKeyThatIsMadeOverASocketHasARow) {
  const auto store = keysocket::OpenStore(Socket("web"));
  ASSERT_OK_AND_ASSIGN(const KeyInfo made, store->Create({.use = KeyUse::kApp, .name = "mail"}, After(kPatience)));
  ASSERT_OK_AND_ASSIGN(const auto row, OpenCatalogue()->Find("rk/app/mail/1"));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, KeyState::kActive);
  EXPECT_EQ(row->users, std::vector<std::string>{"rootkeep-agent"});
  EXPECT_EQ(row->key->public_key, made.public_key);
  // A label that was once taken stays so.
  ASSERT_THAT(hsm.OpenStore()->deleter()->Delete({.object_label = "rk/app/mail/1", .object_id = {}, .pin_source = {}},
                                                 After(kPatience)),
              IsOk());
  EXPECT_THAT(store->Create({.use = KeyUse::kApp, .name = "mail"}, After(kPatience)), HasCode(Code::kAlreadyExists));
  EXPECT_TRUE(Eventually([this] {
    return OpenCatalogue()->Find("rk/app/mail/1").value()->state == KeyState::kMissing;
  })) << Log();
  EXPECT_TRUE(Eventually([this] { return Log().find("key_missing") != std::string::npos; })) << Log();
}

TEST_F(AgentCatalogue, AnInterruptedCreationIsReported) {
  const TokenName token{.label = SoftHsm::kLabel, .serial = {}};
  ASSERT_THAT(OpenCatalogue()->Intend({.use = KeyUse::kApp, .name = "new"}, token, {}, Now()), IsOk());
  ASSERT_THAT(OpenCatalogue()->Intend({.use = KeyUse::kApp, .name = "old"}, token, {}, Now() - std::chrono::minutes(2)),
              IsOk());
  EXPECT_TRUE(Eventually([this] { return Log().find("key_unfinished") != std::string::npos; })) << Log();
  EXPECT_THAT(Log(), HasSubstr("\"key\":\"rk/app/old/1\""));
  EXPECT_THAT(Log(), Not(HasSubstr("rk/app/new/1"))) << "somebody may be at it";
}

TEST_F(AgentCatalogue, TwoAgentsDoNotShareADirectory) {
  const auto second = RunProgram({"timeout", "20", ROOTKEEP_AGENT, "--config", ConfigFile()});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.err, HasSubstr("is in use by"));
}

TEST_F(AgentCatalogue, ServesAKeyThatAnotherToolMadeWhenTheConfigurationNamesIt) {
  EXPECT_EQ(agent->Stop(kPatience), 0);
  const std::string pem = hsm.directory() + "/key.pem";
  ASSERT_EQ(RunProgram({"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", pem})
                .exit_code,
            0);
  const auto imported =
      RunProgram({"env", "SOFTHSM2_CONF=" + hsm.conf_file(), "softhsm2-util", "--import", pem, "--token",
                  SoftHsm::kLabel, "--pin", SoftHsm::kPin, "--label", "TLS key", "--id", "0a0b"});
  ASSERT_EQ(imported.exit_code, 0) << imported.out << imported.err;
  const KeyUri theirs{.scheme = UriScheme::kKeySocket, .object_label = "TLS key", .object_id = {}, .pin_source = {}};
  const auto open = [&] { return keysocket::OpenStore(Socket("web"))->Open(theirs, After(kPatience)); };
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_THAT(open(), HasCode(Code::kNotFound));
  EXPECT_EQ(agent->Stop(kPatience), 0);

  Write(Config("none", "keys:\n  - name: tls\n    use: app\n    uri: pkcs11:object=TLS%20key\n"));
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_OK_AND_ASSIGN(const auto key, open());
  EXPECT_THAT(SignAndVerify(*key), IsOk());
  EXPECT_EQ(key->info().label, "TLS key");
  EXPECT_THAT(CheckCustody(key->info(), KeyUse::kApp, CustodyLevel::kLocalOnly, false), Says("its use is unknown"));
  EXPECT_EQ(agent->Stop(kPatience), 0);
}

}  // namespace
}  // namespace rootkeep::testing
