// nginx, curl and gRPC in C++, unmodified, with keys in a TPM, which an agent serves.
#include "tests/e2e/provider_nginx.h"
#include "tests/e2e/provider_peer.h"

namespace rootkeep {
namespace {

using testing::Eventually;

class ProviderTpm : public ProviderApps {
 protected:
  static void SetUpTestSuite() {
    StartHost({"p256", "p384", "rsa"}, testing::KeysIn::kTpm);
    MakeCertificates();
  }

  static std::vector<std::string> WithItsKey(const std::string& program, const std::string& key) {
    return {"/usr/bin/env", Environment(), program, Cert(key), Key(key), Trusted()};
  }
};

TEST_F(ProviderTpm, NginxAndCurl) {
  for (const std::string key : {"p256", "rsa"}) {
    Nginx nginx(*host_, "nginx-" + key, key, Environment());
    ASSERT_TRUE(Eventually([&] { return Ask(nginx.Where(), "1.3", kFile).empty() || nginx.process().WaitEnded({}); }))
        << nginx.Log();
    ExpectItServes(key, [&](const std::string& version, const std::string& client) {
      return Ask(nginx.Where(), version, client);
    });
    EXPECT_EQ(nginx.Quit(kPatience), 0) << nginx.Log();
  }
}

TEST_F(ProviderTpm, Grpc) {
  for (const std::string key : {"p256", "rsa"}) {
    Peer peer(*host_, WithItsKey(GRPC_PEER, key), "grpc-" + key);
    ExpectItServes(key,
                   [&](const std::string& version, const std::string& client) {
                     return peer.Connect(version, Cert(client), Key(client));
                   },
                   {"1.3"});
    EXPECT_EQ(peer.End(kPatience), 0) << peer.Log();
  }
}

}  // namespace
}  // namespace rootkeep
