// The end of a key, step by step, and who may still have it sign.
#include "keystore/catalog/catalog.h"
#include "tests/e2e/cli_fixture.h"

namespace rootkeep::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kWeb[] = "rk/app/web/1";
constexpr char kMesh[] = "rk/rootkeep-ca/mesh/1";
constexpr char kMeshRoot[] = "rk/rootkeep-ca/mesh-root/1";

class CliRetireTest : public CliTest {
 protected:
  ProgramResult WithState(Words words) const {
    words.insert(words.end(), {"--state", state_});
    return OnToken(words);
  }
  // Needs no token.
  ProgramResult Retire(const std::string& key) const { return Rootkeep({"key", "retire", key, "--state", state_}); }
  ProgramResult Destroy(const std::string& key, const std::string& confirm) const {
    return WithState({"key", "destroy", key, "--confirm", confirm});
  }
  void Create(const std::string& name) const { ASSERT_EQ(WithState({"key", "create", "--name", name}).exit_code, 0); }
  ProgramResult InitCa(Words more = {}) const {
    Words words{"ca", "init", "--name", "mesh", "--trust-domain", "cluster.local"};
    words.insert(words.end(), more.begin(), more.end());
    return WithState(words);
  }
  std::string StateOf(const std::string& label) const {
    for (const json& key : Json(WithState({"key", "list", "--json"}))) {
      if (key["label"] == label) return key["catalogue"]["state"];
    }
    return "none";
  }
  std::string ConfigSigningWith(const std::string& key) const { return Config("    key: \"" + key + "\"\n"); }
  std::size_t KeysInToken() const { return Json(OnToken({"key", "list", "--json"})).size(); }
};

TEST_F(CliRetireTest, AKeyIsRetiredAndThenDestroyed) {
  Create("web");
  const ProgramResult retired = Retire("web");
  ASSERT_EQ(retired.exit_code, 0) << retired.err;
  EXPECT_EQ(StateOf(kWeb), "RETIRED");
  EXPECT_EQ(KeysInToken(), 1U);
  EXPECT_THAT(Retire("web"), Refused("RETIRED"));
  const ProgramResult destroyed = Destroy("web", kWeb);
  ASSERT_EQ(destroyed.exit_code, 0) << destroyed.err;
  EXPECT_EQ(KeysInToken(), 0U);
  const json row = Json(WithState({"key", "list", "--json"}))[0]["catalogue"];
  EXPECT_EQ(row["state"], "DESTROYED");
  for (const char* date : {"created_at", "activated_at", "retired_at", "destroy_ordered_at", "destroyed_at"}) {
    EXPECT_FALSE(row[date].is_null()) << date;
  }
  EXPECT_EQ(WithState({"key", "sweep"}).exit_code, 0);
  EXPECT_EQ(Json(WithState({"key", "create", "--name", "web", "--json"}))["label"], "rk/app/web/2")
      << "its label stays taken";
  EXPECT_EQ(Retire("web").exit_code, 0) << "the name means what is left of it";
}

TEST_F(CliRetireTest, AnActiveKeyIsNotDestroyed) {
  Create("web");
  EXPECT_THAT(Destroy("web", kWeb), Refused("ACTIVE"));
  EXPECT_EQ(KeysInToken(), 1U);
  EXPECT_EQ(StateOf(kWeb), "ACTIVE");
}

TEST_F(CliRetireTest, NothingIsDestroyedWithoutItsNameAgain) {
  Create("web");
  Create("other");
  ASSERT_EQ(Retire("web").exit_code, 0);
  EXPECT_EQ(WithState({"key", "destroy", "web"}).exit_code, 2);
  for (const std::string& confirm : {std::string("web"), std::string("rk/app/other/1"), std::string("yes")}) {
    EXPECT_EQ(Destroy("web", confirm).exit_code, 2) << confirm;
  }
  EXPECT_EQ(KeysInToken(), 2U);
  EXPECT_EQ(StateOf(kWeb), "RETIRED");
}

TEST_F(CliRetireTest, ANameThatSeveralKeysHaveSaysNothing) {
  Create("web");
  Create("web");
  EXPECT_THAT(Retire("web"), Refused("2 keys"));
  EXPECT_THAT(Retire("nothing"), Refused("has no \"nothing\""));
  EXPECT_EQ(Rootkeep({"key", "retire", "web"}).exit_code, 2) << "in which catalogue?";
}

TEST_F(CliRetireTest, AnAuthoritysKeyIsNeither) {
  ASSERT_EQ(InitCa().exit_code, 0);
  EXPECT_THAT(Retire("mesh"), Refused("authority mesh signs with"));
  EXPECT_THAT(Rootkeep({"key", "retire", kMesh, "--config", Config()}), Refused("authority mesh signs with"));
  // However it came to be retired.
  ASSERT_THAT((*Catalog::Open(state_ + "/keys.db"))->Retire(kMesh, SystemClock().Now()), IsOk());
  EXPECT_THAT(Destroy(kMesh, kMesh), Refused("authority mesh signs with"));
  EXPECT_THAT(Rootkeep({"key", "destroy", kMesh, "--confirm", kMesh, "--config", Config()}),
              Refused("authority mesh signs with"));
  EXPECT_EQ(KeysInToken(), 2U);
}

TEST_F(CliRetireTest, NeitherIsAKeyThatTheConfigurationNames) {
  ASSERT_EQ(InitCa().exit_code, 0);
  const std::string root_key =
      "pkcs11:token=" + std::string(SoftHsm::kLabel) + ";object=rk%2Frootkeep-ca%2Fmesh-root%2F1";
  EXPECT_THAT(Rootkeep({"key", "retire", kMeshRoot, "--config", ConfigSigningWith(root_key)}),
              Refused("authority mesh signs with"));
  // What the configuration does not name is nobody's.
  EXPECT_EQ(Rootkeep({"key", "retire", kMesh, "--config", ConfigSigningWith(root_key)}).exit_code, 0);
}

TEST_F(CliRetireTest, TheGenerationBeforeTheNewestCanGo) {
  ASSERT_EQ(InitCa().exit_code, 0);
  const ProgramResult second =
      InitCa({"--generation", "2", "--root-certificate", state_ + "/authorities/mesh/1/bundle.pem"});
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(Retire(kMesh).exit_code, 0);
  EXPECT_EQ(Destroy(kMesh, kMesh).exit_code, 0);
  EXPECT_EQ(KeysInToken(), 2U);
}

TEST_F(CliRetireTest, AnInterruptedDestructionIsReportedAndFinished) {
  Create("web");
  ASSERT_EQ(Retire("web").exit_code, 0);
  ASSERT_THAT((*Catalog::Open(state_ + "/keys.db"))->OrderDestruction(kWeb, SystemClock().Now()), IsOk());
  const ProgramResult swept = WithState({"key", "sweep"});
  EXPECT_THAT(swept, Refused("1 of 1"));
  EXPECT_THAT(swept.out, HasSubstr("its destruction stopped"));
  EXPECT_EQ(Destroy("web", kWeb).exit_code, 0);
  EXPECT_EQ(WithState({"key", "sweep"}).exit_code, 0);
}

TEST_F(CliRetireTest, ARetiredKeyMakesNoStatements) {
  Create("web");
  EXPECT_EQ(WithState({"key", "evidence", "web"}).exit_code, 0);
  ASSERT_EQ(Retire("web").exit_code, 0);
  EXPECT_THAT(WithState({"key", "evidence", "web"}), Refused("it is RETIRED"));
}

TEST_F(CliRetireTest, ARootThatTheOperatorMayNotUseCertifiesNothing) {
  ASSERT_EQ(InitCa().exit_code, 0);
  const Words next{"--generation", "2", "--root-certificate", state_ + "/authorities/mesh/1/bundle.pem"};
  ASSERT_EQ(Rootkeep({"key", "permit", "mesh-root", "--state", state_}).exit_code, 0);
  EXPECT_THAT(InitCa(next), Refused("nobody may sign with it, not operator"));
  ASSERT_EQ(Rootkeep({"key", "permit", "mesh-root", "--user", "operator", "--state", state_}).exit_code, 0);
  EXPECT_EQ(InitCa(next).exit_code, 0);
}

TEST_F(CliRetireTest, ARetiredRootCertifiesNothing) {
  ASSERT_EQ(InitCa().exit_code, 0);
  ASSERT_EQ(Retire("mesh-root").exit_code, 0);
  EXPECT_THAT(InitCa({"--generation", "2", "--root-certificate", state_ + "/authorities/mesh/1/bundle.pem"}),
              Refused("it is RETIRED"));
}

TEST_F(CliRetireTest, NoKeyIsInstalledThatTheDaemonMayNotUse) {
  ASSERT_EQ(InitCa().exit_code, 0);
  const std::string chain = state_ + "/authorities/mesh/1/chain.pem";
  const std::string bundle = state_ + "/authorities/mesh/1/bundle.pem";
  const Words install{"ca", "install", "--name", "again", "--key", kMesh, "--chain", chain, "--bundle", bundle};
  ASSERT_EQ(Rootkeep({"key", "permit", kMesh, "--user", "operator", "--state", state_}).exit_code, 0);
  EXPECT_THAT(WithState(install), Refused("not rootkeepd"));
  ASSERT_EQ(Rootkeep({"key", "permit", kMesh, "--user", "rootkeepd", "--state", state_}).exit_code, 0);
  EXPECT_EQ(WithState(install).exit_code, 0);
}

TEST_F(CliRetireTest, DoctorNamesWhatTheCatalogueForbidsAndMakesNoSignature) {
  ASSERT_EQ(InitCa().exit_code, 0);
  EXPECT_EQ(Rootkeep({"doctor", "--config", Config()}).exit_code, 0);
  ASSERT_THAT((*Catalog::Open(state_ + "/keys.db"))->Retire(kMesh, SystemClock().Now()), IsOk());
  const ProgramResult doctor = Rootkeep({"doctor", "--config", Config()});
  EXPECT_EQ(doctor.exit_code, 1);
  EXPECT_THAT(doctor.out, HasSubstr("FAILED     permission      authority mesh"));
  EXPECT_THAT(doctor.out, HasSubstr("not tried  sign and verify"));
}

TEST_F(CliRetireTest, DoctorNamesAKeyThatIsNotInItsToken) {
  ASSERT_EQ(InitCa().exit_code, 0);
  Create("web");
  {
    const auto store = hsm_.OpenStore();
    ASSERT_THAT(store->deleter()->Delete({.object_label = kWeb}, After(std::chrono::seconds(30))), IsOk());
  }
  const ProgramResult doctor = Rootkeep({"doctor", "--config", Config()});
  EXPECT_EQ(doctor.exit_code, 1);
  EXPECT_THAT(doctor.out, HasSubstr("rk/app/web/1: not in the token"));
}

TEST_F(CliRetireTest, DoctorWarnsWhereThereIsNoCatalogue) {
  ASSERT_EQ(InitCa().exit_code, 0);
  ASSERT_EQ(unlink((state_ + "/keys.db").c_str()), 0);
  const ProgramResult doctor = Rootkeep({"doctor", "--config", Config()});
  EXPECT_EQ(doctor.exit_code, 0) << doctor.out;
  EXPECT_THAT(doctor.out, HasSubstr("warning    catalogue"));
  EXPECT_THAT(doctor.out, Not(HasSubstr("permission")));
}

}  // namespace
}  // namespace rootkeep::testing
