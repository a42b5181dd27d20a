// The openssl program while the token behind its keys goes away and comes back.
#include "tests/e2e/provider_cli.h"

namespace rootkeep {
namespace {

using testing::Eventually;
using ::testing::HasSubstr;
using testing::ProgramResult;

constexpr char kServed[] = "HTTP/1.0 200 ok";

class ProviderCliLoss : public ProviderCli {
 protected:
  // While one lives the token is away, and the agent has noticed.
  class TokenAway {
   public:
    TokenAway() {
      host_->hsm().TakeAway();
      EXPECT_TRUE(Eventually([] { return !Signs(); }));
    }
    TokenAway(const TokenAway&) = delete;
    TokenAway& operator=(const TokenAway&) = delete;
    ~TokenAway() {
      host_->hsm().GiveBack();
      EXPECT_TRUE(Eventually([] { return Signs(); }));
    }

   private:
    static bool Signs() {
      return OpenSsl({"dgst", "-sha256", "-sign", host_->Reference("p256"), "-out", "/dev/null", host_->Config()})
                 .exit_code == 0;
    }
  };

  // With a key in a file.
  struct FilePair {
    std::string cert;
    std::string key;
  };
  static FilePair InFiles() {
    FilePair pair{host_->Path("ordinary.crt"), host_->Path("ordinary.key")};
    Expect({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", pair.key,
            "-subj", "/CN=localhost", "-out", pair.cert});
    return pair;
  }
  static std::string Log(const std::string& path) { return ReadFile(path, 1 << 16).value_or(""); }
};

TEST_F(ProviderCliLoss, AServerThatLostItsTokenServesWithoutARestartWhenItIsBack) {
  const FilePair ordinary = InFiles();
  for (const char* name : {"p256", "rsa"}) {
    const std::string cert = Certified(name);
    for (const char* version : {"-tls1_2", "-tls1_3"}) {
      const std::string log = host_->Path(std::string("loss-") + name + version);
      std::string port;
      auto server = StartServer(
          {"-cert", cert, "-key", host_->Reference(name), "-CAfile", ordinary.cert, "-naccept", "3", version}, log,
          port);
      ASSERT_NE(server, nullptr);
      const std::vector<std::string> client{"-cert", ordinary.cert, "-key", ordinary.key, "-CAfile", cert, version};
      EXPECT_THAT(Connect(port, client).out, HasSubstr(kServed)) << Log(log);
      {
        const TokenAway away;
        const ProgramResult refused = Connect(port, client);
        EXPECT_NE(refused.exit_code, 0) << refused.out;
        EXPECT_THAT(refused.out, ::testing::Not(HasSubstr(kServed)));
        EXPECT_FALSE(server->WaitEnded({})) << Log(log);
      }
      const ProgramResult again = Connect(port, client);
      EXPECT_EQ(again.exit_code, 0) << again.err << Log(log);
      EXPECT_THAT(again.out, HasSubstr(kServed));
      EXPECT_TRUE(server->WaitEnded(std::chrono::seconds(20)));
      EXPECT_EQ(server->Stop(std::chrono::seconds(1)), 0) << Log(log);
      EXPECT_THAT(Log(log), HasSubstr(host_->socket())) << "the server says why it could not";
    }
  }
}

TEST_F(ProviderCliLoss, AClientWithoutItsTokenIsRefusedAndTheNextOneIsNot) {
  const FilePair ordinary = InFiles();
  for (const char* name : {"p256", "rsa"}) {
    const std::string cert = Certified(name);
    for (const char* version : {"-tls1_2", "-tls1_3"}) {
      const std::string log = host_->Path(std::string("client-loss-") + name + version);
      std::string port;
      auto server = StartServer(
          {"-cert", ordinary.cert, "-key", ordinary.key, "-CAfile", cert, "-naccept", "2", version}, log, port);
      ASSERT_NE(server, nullptr);
      const std::vector<std::string> client{"-cert",   cert,          "-key", host_->Reference(name),
                                            "-CAfile", ordinary.cert, version};
      {
        const TokenAway away;
        const ProgramResult refused = Connect(port, client);
        EXPECT_NE(refused.exit_code, 0) << refused.out;
        EXPECT_THAT(refused.err, HasSubstr(host_->socket()));
      }
      const ProgramResult again = Connect(port, client);
      EXPECT_EQ(again.exit_code, 0) << again.err << Log(log);
      EXPECT_THAT(again.out, HasSubstr(kServed));
    }
  }
}

TEST_F(ProviderCliLoss, CommandsSayWhyTheyCannotAndCanWhenTheTokenIsBack) {
  const std::string message = host_->WriteFile("message", "to be signed");
  const std::string out = host_->Path("loss.out");
  for (const char* name : {"p256", "rsa"}) {
    const std::string cert = Certified(name);
    const std::string key = host_->Reference(name);
    const std::string digest = host_->Path("digest");
    const std::string request = host_->Path("loss.csr");
    Expect({"dgst", "-sha256", "-binary", "-out", digest, message});
    Expect({"req", "-new", "-key", key, "-subj", "/CN=leaf", "-out", request});
    const std::vector<std::string> commands[] = {
        {"dgst", "-sha256", "-sign", key, "-out", out, message},
        {"pkeyutl", "-sign", "-in", digest, "-inkey", key, "-pkeyopt", "digest:sha256", "-out", out},
        {"cms", "-sign", "-in", message, "-signer", cert, "-inkey", key, "-md", "sha256", "-out", out},
        {"req", "-new", "-key", key, "-subj", "/CN=x", "-out", out},
        {"x509", "-req", "-in", request, "-CA", cert, "-CAkey", key, "-days", "1", "-out", out}};
    {
      const TokenAway away;
      for (const auto& words : commands) {
        const ProgramResult result = OpenSsl(words);
        EXPECT_NE(result.exit_code, 0) << words[0];
        EXPECT_LT(result.exit_code, 128) << words[0] << " ended by a signal";
        EXPECT_THAT(result.err, HasSubstr(host_->socket())) << words[0];
      }
    }
    for (const auto& words : commands) Expect(words);
  }
}

}  // namespace
}  // namespace rootkeep
