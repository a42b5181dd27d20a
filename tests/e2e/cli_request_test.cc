// `rootkeep request` against a running rootkeepd.
#include "keystore/base/file.h"
#include "tests/e2e/dev_process.h"
#include "tests/support/program.h"
#include "tests/support/temp_dir.h"

#include <nlohmann/json.hpp>

namespace rootkeep::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kWeb[] = "spiffe://cluster.local/ns/demo/sa/web";

// One CA for all cases: they change nothing that another one sees.
class CliRequestTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dev_ = new DevProcess();
    ASSERT_TRUE(dev_->ok()) << dev_->Output();
  }
  static void TearDownTestSuite() {
    if (dev_->ok()) {
      EXPECT_EQ(dev_->Interrupt(), 0);
    }
    delete dev_;
  }

  static ProgramResult Ask(const std::vector<std::string>& more) {
    std::vector<std::string> argv{ROOTKEEP_BINARY,           "request", "--address",
                                  dev_->Exported("CA_ADDR"), "--root",  dev_->Exported("CA_ROOT_CA")};
    argv.insert(argv.end(), more.begin(), more.end());
    return RunProgram(argv);
  }
  static ProgramResult AskWithToken(std::vector<std::string> more) {
    more.insert(more.end(), {"--token-file", dev_->Exported("AUTH_TOKEN")});
    return Ask(more);
  }

  std::string File(const std::string& name, const std::string& content) const {
    EXPECT_THAT(WriteFileAtomically(dir_ / name, content, 0600), IsOk());
    return dir_ / name;
  }

  static DevProcess* dev_;
  TempDir dir_;
};

DevProcess* CliRequestTest::dev_ = nullptr;

// Exit code 1, a message with `code_words`, and a hint where the operator finds more.
void ExpectRefused(const ProgramResult& result, const std::string& words) {
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr(words));
  EXPECT_THAT(result.err, HasSubstr("hint: the exact reason is in the server's log under request_id "));
  EXPECT_EQ(result.out, "");
}

TEST_F(CliRequestTest, PrintsKeyChainAndBundle) {
  const ProgramResult result = AskWithToken({"--san", kWeb, "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json answer = json::parse(result.out, nullptr, false);
  EXPECT_EQ(answer["certificates"].size(), 3U);
  EXPECT_EQ(answer["certificates"][0]["names"], json::array({kWeb}));
  EXPECT_THAT(answer["key"].get<std::string>(), HasSubstr("PRIVATE KEY"));
  EXPECT_THAT(answer["bundle"].get<std::string>(), HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_NE(answer["request_id"], "");
}

TEST_F(CliRequestTest, EveryKeyTypeGetsItsCertificate) {
  for (const char* type : {"ec-p256", "ec-p384", "rsa-2048", "ed25519"}) {
    EXPECT_EQ(AskWithToken({"--key-type", type}).exit_code, 0) << type;
  }
}

TEST_F(CliRequestTest, TheLifetimeIsTheOneAskedFor) {
  const ProgramResult result = AskWithToken({"--ttl", "30m"});
  EXPECT_THAT(result.out, HasSubstr("(0h32m)"));
  ExpectRefused(AskWithToken({"--ttl", "400d"}), "greater than the max allowed TTL");
  EXPECT_EQ(AskWithToken({"--ttl", "forever"}).exit_code, 2);
}

TEST_F(CliRequestTest, ACertificateGetsItsSuccessor) {
  ASSERT_EQ(AskWithToken({"--san", kWeb, "--out", dir_ / "c"}).exit_code, 0);
  const ProgramResult result = Ask({"--cert", dir_ / "c/cert-chain.pem", "--key", dir_ / "c/key.pem", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(json::parse(result.out, nullptr, false)["certificates"][0]["names"], json::array({kWeb}));
}

TEST_F(CliRequestTest, WithoutCredentialsNothing) { ExpectRefused(Ask({}), "request authenticate failure"); }

TEST_F(CliRequestTest, ATokenThatIsNoneGetsNothing) {
  ExpectRefused(Ask({"--token-file", File("token", "e30.e30.e30\n")}), "request authenticate failure");
}

TEST_F(CliRequestTest, AnothersIdentityIsRefused) {
  ExpectRefused(AskWithToken({"--impersonate", "spiffe://cluster.local/ns/demo/sa/database"}),
                "request impersonation authentication failure");
}

TEST_F(CliRequestTest, ZtunnelGetsWhatIsPlacedOnItsNodeAndNothingElse) {
  const std::string token = dev_->Line("cd ").substr(3) + "/var/run/secrets/tokens/ztunnel-token";
  const ProgramResult allowed = Ask({"--token-file", token, "--impersonate", kWeb, "--json"});
  ASSERT_EQ(allowed.exit_code, 0) << allowed.err;
  EXPECT_EQ(json::parse(allowed.out, nullptr, false)["certificates"][0]["names"], json::array({kWeb}));
  ExpectRefused(Ask({"--token-file", token, "--impersonate", "spiffe://cluster.local/ns/demo/sa/elsewhere"}),
                "request impersonation authentication failure");
}

TEST_F(CliRequestTest, GarbageIsRefused) {
  ExpectRefused(AskWithToken({"--csr", File("csr", "garbage")}), "not properly encoded");
}

TEST_F(CliRequestTest, AServerOfAnotherRootGetsNoToken) {
  const ProgramResult result =
      RunProgram({ROOTKEEP_BINARY, "request", "--no-retry", "--address", dev_->Exported("CA_ADDR"), "--root",
                  "/etc/ssl/certs/ca-certificates.crt", "--token-file", dev_->Exported("AUTH_TOKEN")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("hint: is a server listening"));
}

TEST_F(CliRequestTest, WhatIssuedIsInTheLedger) {
  const ProgramResult result = AskWithToken({"--json"});
  const std::string serial = json::parse(result.out, nullptr, false)["certificates"][0]["serial"];
  const ProgramResult shown = RunProgram(
      {ROOTKEEP_BINARY, "ledger", "show", serial, "--config", dev_->Line("cd ").substr(3) + "/rootkeepd.yaml"});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr(kWeb));
}

TEST_F(CliRequestTest, FilesThatAreMissingAreTold) {
  EXPECT_EQ(Ask({"--token-file", dir_ / "nothing"}).exit_code, 1);
  EXPECT_EQ(Ask({"--cert", "c.pem"}).exit_code, 2);
  EXPECT_EQ(Ask({"--token-file", File("empty", "\n")}).exit_code, 1);
}

// gRPC would end the process over them.
TEST_F(CliRequestTest, CredentialsThatNoHeaderCarriesAreTold) {
  for (const char* token : {"abc\ndef\n", "abc def", "abc\xff"}) {
    const ProgramResult result = Ask({"--token-file", File("token", token)});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, HasSubstr("token is no token: it holds"));
  }
  for (const char* cluster : {"a\nb", "a\xff"}) {
    const ProgramResult result = AskWithToken({"--cluster-id", cluster});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, HasSubstr("the cluster id holds"));
  }
}

TEST_F(CliRequestTest, AddressesThatAreNoneAreTold) {
  for (const char* address : {"localhost", "localhost:", "localhost:0", "localhost:99999", "localhost:1x", ":15012",
                              "::1:15012", "https://localhost:15012", "[]:15012", ""}) {
    const ProgramResult result =
        RunProgram({ROOTKEEP_BINARY, "request", "--address", address, "--root", dev_->Exported("CA_ROOT_CA")});
    EXPECT_EQ(result.exit_code, 2) << address;
    EXPECT_THAT(result.err, HasSubstr("want host:port"));
  }
}

// Without these checks each is a connection that fails, or a call, in words about something else.
TEST_F(CliRequestTest, FilesThatCannotWorkAreToldBeforeTheCall) {
  const auto refused = [](const ProgramResult& result, const std::string& words) {
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, HasSubstr(words));
    EXPECT_THAT(result.err, Not(HasSubstr("CreateCertificate")));
  };
  refused(RunProgram({ROOTKEEP_BINARY, "request", "--address", dev_->Exported("CA_ADDR"), "--root",
                      File("empty.pem", "no certificate\n")}),
          "empty.pem: no PEM certificate in it");
  ASSERT_EQ(AskWithToken({"--out", dir_ / "a"}).exit_code, 0);
  ASSERT_EQ(AskWithToken({"--out", dir_ / "b"}).exit_code, 0);
  refused(Ask({"--cert", dir_ / "a/cert-chain.pem", "--key", dir_ / "b/key.pem"}), "--key is not the key");
  refused(Ask({"--cert", dir_ / "a/cert-chain.pem", "--key", File("key", "garbage")}), "--key: ");
  refused(AskWithToken({"--csr", File("csr.der", "\x30\x82\xff")}), "csr.der is not UTF-8");
  refused(AskWithToken({"--impersonate", "spiffe://a\xff"}), "--impersonate is not UTF-8");
}

// Before any TPM is asked.
TEST_F(CliRequestTest, AKeyInTheTpmIsAskedForInOneWay) {
  const auto misused = [](const ProgramResult& result, const std::string& words) {
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr(words));
  };
  const std::string key = "tpm2:object=rk%2Fapp%2Fweb%2F1";
  misused(Ask({"--key", key}), "needs --token-file");
  misused(AskWithToken({"--key", key, "--cert", "c.pem"}), "leave out --cert");
  misused(AskWithToken({"--key", key, "--csr", "r.pem"}), "--csr is for a key of its own");
  misused(AskWithToken({"--key", key}), "which TPM?");
  misused(AskWithToken({"--key", key, "--tpm", "mine"}),
          "--tpm needs --config of the agent, or --tcti and --directory");
  misused(AskWithToken({"--key", "tpm2:handle=1", "--tpm", "mine"}), "--key: key URI: ");
  misused(AskWithToken({"--tpm", "mine"}), "say where a --key tpm2:... is");
}

}  // namespace
}  // namespace rootkeep::testing
