// Programs in Python, JavaScript and C++ that are servers and clients of mutual TLS with keys of an agent.
#include "tests/e2e/provider_nginx.h"
#include "tests/e2e/provider_peer.h"

namespace rootkeep {
namespace {

using testing::Eventually;
using testing::ProgramResult;
using testing::RunProgram;

class ProviderPeers : public ProviderApps {
 protected:
  static void ExpectItWorks(const std::string& name, const std::vector<std::string>& program,
                            const std::vector<std::string>& versions) {
    for (const std::string key : {"p256", "rsa"}) {
      std::vector<std::string> argv{"/usr/bin/env", Environment()};
      argv.insert(argv.end(), program.begin(), program.end());
      argv.insert(argv.end(), {Cert(key), Key(key), Trusted()});
      Peer peer(*host_, argv, fmt::format("{}-{}", name, key));
      ExpectItServes(
          key,
          [&](const std::string& version, const std::string& client) {
            return peer.Connect(version, Cert(client), Key(client));
          },
          versions);
      EXPECT_EQ(peer.End(kPatience), 0) << peer.Log();
    }
  }
};

// Debian's interpreter: other packages of Python bring an OpenSSL of their own.
TEST_F(ProviderPeers, Python) {
  ExpectItWorks("python", {"/usr/bin/python3", PEERS "/python_peer.py"}, {"1.2", "1.3"});
}

TEST_F(ProviderPeers, GrpcPython) {
  ExpectItWorks("grpc-python", {"/usr/bin/python3", PEERS "/grpc_python_peer.py"}, {"1.3"});
}

TEST_F(ProviderPeers, NodeJs) {
  ExpectItWorks("node", {"/usr/bin/node", "--openssl-shared-config", PEERS "/node_peer.js"}, {"1.2", "1.3"});
}

TEST_F(ProviderPeers, Grpc) { ExpectItWorks("grpc", {GRPC_PEER}, {"1.3"}); }

// A gRPC program has no choice of the version, so that each side has a peer that offers nothing newer.
TEST_F(ProviderPeers, GrpcByTls12) {
  for (const std::string key : {"p256", "rsa"}) {
    const std::string name = "grpc12-" + key;
    Peer peer(*host_, {"/usr/bin/env", Environment(), GRPC_PEER, Cert(key), Key(key), Trusted()}, name);
    const auto to_server = [&](const std::string& /*version*/, const std::string& client) {
      const ProgramResult result =
          RunProgram({"env", Environment(), "openssl", "s_client", "-unix", peer.commands() + ".served", "-tls1_2",
                      "-alpn", "h2", "-cert", Cert(client), "-key", Key(client), "-CAfile", Trusted(),
                      "-verify_return_error", "-servername", "localhost"});
      return result.exit_code == 0 ? "" : result.err;
    };
    ASSERT_TRUE(Eventually([&] { return to_server("1.2", kFile).empty(); })) << to_server("1.2", kFile) << peer.Log();
    ExpectItServes(key, to_server, {"1.2"});

    Nginx nginx(*host_, "nginx-" + name, kFile, Environment(), "ssl_protocols TLSv1.2;");
    ASSERT_TRUE(Eventually([&] { return Ask(nginx.Where(), "1.2", kFile).empty() || nginx.process().WaitEnded({}); }));
    // In the roles of ExpectItServes, the client is what fails without the token.
    ExpectItServes(key,
                   [&](const std::string& version, const std::string&) {
                     return peer.Connect(version, Cert(key), Key(key) + " unix:" + nginx.socket());
                   },
                   {"1.2"});
    EXPECT_EQ(nginx.Quit(kPatience), 0) << nginx.Log();
    EXPECT_EQ(peer.End(kPatience), 0) << peer.Log();
  }
}

}  // namespace
}  // namespace rootkeep
