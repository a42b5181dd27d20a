#include <filesystem>

#include "tests/e2e/cli_fixture.h"
#include "tests/e2e/outside_root.h"
#include "tools/rootkeep/certificate_facts.h"

namespace rootkeep::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class CliCaTest : public CliTest {
 protected:
  ProgramResult Init(Words more = {}) const {
    Words words{"ca", "init", "--name", "mesh", "--trust-domain", "cluster.local", "--state", state_};
    words.insert(words.end(), more.begin(), more.end());
    return OnToken(words);
  }

  // The PKCS#10 request for the issuing key.
  std::string Request(Words more = {}) const {
    Words words{"ca", "request", "--name", "mesh", "--trust-domain", "cluster.local", "--out", dir_ / "mesh.csr"};
    words.insert(words.end(), more.begin(), more.end());
    const ProgramResult result = OnToken(words);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return Read(dir_ / "mesh.csr");
  }

  ProgramResult Install(const std::string& chain_pem, const std::string& bundle_pem, Words more = {}) const {
    Words words{"ca",       "install",
                "--name",   "mesh",
                "--state",  state_,
                "--chain",  File("chain.pem", chain_pem),
                "--bundle", File("bundle.pem", bundle_pem)};
    words.insert(words.end(), more.begin(), more.end());
    return OnToken(words);
  }

  bool Installed(const std::string& generation = "1") const {
    return std::filesystem::exists(state_ + "/authorities/mesh/" + generation);
  }

  OutsideRoot root_;
};

TEST_F(CliCaTest, InitMakesBothKeysInsideTheTokenAndAChainThatVerifies) {
  const json made = Json(Init({"--json"}));
  EXPECT_EQ(made["root_key"]["label"], "rk/rootkeep-ca/mesh-root/1");
  EXPECT_EQ(made["issuing_key"]["label"], "rk/rootkeep-ca/mesh/1");
  for (const char* key : {"root_key", "issuing_key"}) {
    EXPECT_EQ(made[key]["custody"]["local"], true);
    EXPECT_EQ(made[key]["custody"]["extractable"], false);
  }
  const std::string directory = state_ + "/authorities/mesh/1";
  EXPECT_EQ(made["directory"], directory);
  EXPECT_EQ(Read(directory + "/chain.pem"), made["chain"].get<std::string>());
  EXPECT_EQ(Read(directory + "/key.uri"), made["issuing_key"]["uri"].get<std::string>() + "\n");
  const ProgramResult verified =
      RunProgram({"openssl", "verify", "-x509_strict", "-CAfile", directory + "/bundle.pem", directory + "/chain.pem"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
}

TEST_F(CliCaTest, InitLeavesRoomForOtherCasWhenAsked) {
  const auto constraints = [this] {
    return RunProgram({"openssl", "x509", "-in", state_ + "/authorities/mesh/1/chain.pem", "-noout", "-ext",
                       "basicConstraints"})
        .out;
  };
  ASSERT_EQ(Init({"--path-length", "1"}).exit_code, 0);
  EXPECT_THAT(constraints(), HasSubstr("CA:TRUE, pathlen:1"));
  EXPECT_EQ(Init({"--path-length", "9"}).exit_code, 2);
}

TEST_F(CliCaTest, ASelfSignedCaIsOneKeyForBoth) {
  const json made = Json(Init({"--self-signed", "--path-length", "1", "--root-ttl-days", "90", "--json"}));
  EXPECT_EQ(made["issuing_key"]["label"], "rk/rootkeep-ca/mesh/1");
  EXPECT_EQ(made["root_key"], made["issuing_key"]);
  EXPECT_EQ(made["chain"], made["bundle"]);
  EXPECT_EQ(Json(OnToken({"key", "list", "--json"})).size(), 1U);
  const std::string bundle = state_ + "/authorities/mesh/1/bundle.pem";
  EXPECT_EQ(RunProgram({"openssl", "verify", "-x509_strict", "-CAfile", bundle, bundle}).exit_code, 0);
  const ProgramResult text = RunProgram({"openssl", "x509", "-in", bundle, "-noout", "-text"});
  EXPECT_THAT(text.out, HasSubstr("CA:TRUE, pathlen:1"));
  EXPECT_THAT(text.out, HasSubstr("URI:spiffe://cluster.local"));
  // The next root of the same authority.
  EXPECT_EQ(Init({"--self-signed", "--generation", "2"}).exit_code, 0);
  EXPECT_NE(Read(state_ + "/authorities/mesh/2/bundle.pem"), Read(bundle));
}

TEST_F(CliCaTest, ASelfSignedCaHasNoOtherRoot) {
  EXPECT_EQ(Init({"--self-signed", "--root-certificate", "/etc/hostname"}).exit_code, 2);
  EXPECT_EQ(Init({"--self-signed", "--root-token", "vault", "--root-pin-source", "file:/x"}).exit_code, 2);
  EXPECT_FALSE(Installed());
}

TEST_F(CliCaTest, InitNeverDoesItTwice) {
  ASSERT_EQ(Init().exit_code, 0);
  const std::string before = Read(state_ + "/authorities/mesh/1/chain.pem");
  EXPECT_THAT(Init(), Refused("installed already"));
  EXPECT_THAT(Init({"--existing"}), Refused("installed already"));
  EXPECT_EQ(Read(state_ + "/authorities/mesh/1/chain.pem"), before);
}

TEST_F(CliCaTest, InitGoesOnAfterAnInterruptionOnlyWhenToldSo) {
  ASSERT_EQ(OnToken({"key", "create", "--use", "rootkeep-ca", "--name", "mesh-root"}).exit_code, 0);
  const ProgramResult refused = Init();
  EXPECT_THAT(refused, Refused("rk/rootkeep-ca/mesh-root/1"));
  EXPECT_THAT(refused.err, HasSubstr("--existing"));
  ASSERT_EQ(OnToken({"key", "create", "--use", "rootkeep-ca", "--name", "mesh"}).exit_code, 0);
  EXPECT_EQ(Init({"--existing"}).exit_code, 0);
}

TEST_F(CliCaTest, ALaterGenerationIsSignedByTheSameRoot) {
  ASSERT_EQ(Init().exit_code, 0);
  EXPECT_EQ(Init({"--generation", "2"}).exit_code, 2);
  const std::string root = state_ + "/authorities/mesh/1/bundle.pem";
  const ProgramResult second = Init({"--generation", "2", "--root-certificate", root});
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(Read(state_ + "/authorities/mesh/2/bundle.pem"), Read(root));
  EXPECT_NE(Read(state_ + "/authorities/mesh/2/chain.pem"), Read(state_ + "/authorities/mesh/1/chain.pem"));
}

TEST_F(CliCaTest, TheRootMayLiveInAnotherToken) {
  hsm_.AddToken("vault");
  const json made = Json(Init({"--root-token", "vault", "--root-pin-source", "file:" + hsm_.pin_file(), "--json"}));
  EXPECT_EQ(made["root_key"]["token"]["label"], "vault");
  EXPECT_EQ(made["issuing_key"]["token"]["label"], SoftHsm::kLabel);
  EXPECT_EQ(Json(OnToken({"key", "list", "--json"})).size(), 1U);
}

TEST_F(CliCaTest, ACertificateFromARootKeptElsewhereIsInstalled) {
  const std::string certificate = root_.Certify(Request());
  const ProgramResult installed = Install(certificate, root_.Pem());
  ASSERT_EQ(installed.exit_code, 0) << installed.err;
  EXPECT_THAT(installed.out, HasSubstr("root kept elsewhere"));
  EXPECT_EQ(Read(state_ + "/authorities/mesh/1/chain.pem"), certificate);
  EXPECT_THAT(Install(certificate, root_.Pem()), Refused("installed already"));
}

TEST_F(CliCaTest, RequestAndInstallSayTheSameAsJson) {
  const json requested = Json(OnToken(
      {"ca", "request", "--name", "mesh", "--trust-domain", "cluster.local", "--out", dir_ / "mesh.csr", "--json"}));
  EXPECT_EQ(requested["issuing_key"]["label"], "rk/rootkeep-ca/mesh/1");
  EXPECT_EQ(requested["request"], Read(dir_ / "mesh.csr"));
  EXPECT_EQ(requested["file"], dir_ / "mesh.csr");
  const std::string certificate = root_.Certify(Read(dir_ / "mesh.csr"));
  const json installed = Json(Install(certificate, root_.Pem(), {"--json"}));
  EXPECT_EQ(installed["issuing_key"], requested["issuing_key"]);
  EXPECT_EQ(installed["certificates"].size(), 2U);
  EXPECT_EQ(installed["chain"], certificate);
  EXPECT_EQ(installed["bundle"], root_.Pem());
  EXPECT_EQ(installed["directory"], state_ + "/authorities/mesh/1");
}

TEST_F(CliCaTest, InstallRefusesAnotherKeysCertificate) {
  const std::string request = Request();
  ASSERT_EQ(OnToken({"key", "create", "--use", "rootkeep-ca", "--name", "other"}).exit_code, 0);
  const std::string certificate = root_.Certify(request);
  EXPECT_THAT(Install(certificate, root_.Pem(), {"--key", "rk/rootkeep-ca/other/1"}), Refused("key"));
  EXPECT_FALSE(Installed());
}

TEST_F(CliCaTest, InstallRefusesWrongCertificates) {
  const std::string request = Request();
  const std::vector<std::pair<OutsideTerms, std::string>> wrong{
      {{.basic_constraints = "critical,CA:TRUE,pathlen:1"}, "path length"},
      {{.basic_constraints = "critical,CA:TRUE"}, "path length"},
      {{.basic_constraints = "critical,CA:FALSE"}, "CA"},
      {{.key_usage = "critical,digitalSignature"}, "keyCertSign"},
      {{.key_usage = "critical,keyCertSign,cRLSign,keyEncipherment"}, "usage"},
      {{.subject_key_id = ""}, "dentifier"},
      {{.from_now = -7200, .until_from_now = -3600}, ""},
      {{.from_now = 3600}, ""},
      {{.until_from_now = 3600}, ""}};
  for (const auto& [terms, word] : wrong) {
    EXPECT_THAT(Install(root_.Certify(request, terms), root_.Pem()), Refused(word));
    EXPECT_FALSE(Installed());
  }
}

TEST_F(CliCaTest, APathAsLongAsWasAskedForIsInstalled) {
  const std::string request = Request({"--path-length", "1"});
  EXPECT_THAT(RunProgram({"openssl", "req", "-in", dir_ / "mesh.csr", "-noout", "-text"}).out,
              HasSubstr("CA:TRUE, pathlen:1"));
  const std::string longer = root_.Certify(request, {.basic_constraints = "critical,CA:TRUE,pathlen:2"});
  EXPECT_THAT(Install(longer, root_.Pem(), {"--path-length", "1"}), Refused("path length"));
  const std::string certificate = root_.Certify(request, {.basic_constraints = "critical,CA:TRUE,pathlen:1"});
  EXPECT_THAT(Install(certificate, root_.Pem()), Refused("path length"));
  EXPECT_EQ(Install(certificate, root_.Pem(), {"--path-length", "1"}).exit_code, 0);
}

TEST_F(CliCaTest, InstallRefusesAChainThatDoesNotEndInTheBundle) {
  const std::string certificate = root_.Certify(Request());
  EXPECT_THAT(Install(certificate, OutsideRoot().Pem()), Refused("chain"));
  EXPECT_FALSE(Installed());
}

TEST_F(CliCaTest, InstallRefusesWhatIsNoCertificate) {
  (void)Request();
  EXPECT_THAT(Install("garbage", root_.Pem()), Refused("certificate"));
  EXPECT_THAT(Install(std::string(2 << 20, 'x'), root_.Pem()), Refused("larger"));
  EXPECT_FALSE(Installed());
}

TEST_F(CliCaTest, InstallRefusesAKeyThatWasNotMadeInTheToken) {
  const ossl::PKey key = Import("rk/rootkeep-ca/mesh/1", "0a");
  auto csr = cli::MakeSoftwareCsr(key.get(), {});
  ASSERT_THAT(csr, IsOk());
  const ProgramResult result = Install(root_.Certify(*csr), root_.Pem());
  EXPECT_THAT(result, Refused("CKA_"));
  EXPECT_FALSE(Installed());
}

TEST_F(CliCaTest, InstallRefusesAKeyOfAnotherUse) {
  const std::string certificate = root_.Certify(Request());
  ASSERT_EQ(OnToken({"key", "create", "--use", "app", "--name", "mesh"}).exit_code, 0);
  EXPECT_THAT(Install(certificate, root_.Pem(), {"--key", "rk/app/mesh/1"}), Refused("its use is app"));
  EXPECT_FALSE(Installed());
}

TEST_F(CliCaTest, TheRequestAsksForACaOfPathLengthZero) {
  Request();
  const ProgramResult text = RunProgram({"openssl", "req", "-in", dir_ / "mesh.csr", "-noout", "-text", "-verify"});
  EXPECT_THAT(text.out, HasSubstr("CA:TRUE, pathlen:0"));
  EXPECT_THAT(text.out, HasSubstr("Rootkeep issuing CA mesh 1"));
  EXPECT_EQ(text.exit_code, 0) << text.err;
}

TEST_F(CliCaTest, NamesThatCannotBeAreRefusedBeforeAnyKeyIsMade) {
  const auto request = [this](const std::string& name, const std::string& trust_domain) {
    return OnToken({"ca", "request", "--name", name, "--trust-domain", trust_domain, "--out", dir_ / "x.csr"});
  };
  EXPECT_THAT(request("mesh", "Not A Domain"), Refused("trust-domain"));
  EXPECT_THAT(request("Mesh", "cluster.local"), Refused("name"));
  EXPECT_THAT(request(std::string(33, 'a'), "cluster.local"), Refused("name"));
  EXPECT_EQ(Json(OnToken({"key", "list", "--json"})).size(), 0U);
  EXPECT_EQ(OnToken({"ca", "install", "--name", "mesh", "--chain", "c", "--bundle", "b"}).exit_code, 1);
}

}  // namespace
}  // namespace rootkeep::testing
