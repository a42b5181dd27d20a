// rootkeep-agent as a process, on SoftHSM, with one socket for applications and one for the CA service.
#pragma once

#include <unistd.h>

#include <memory>
#include <optional>
#include <string>

#include "keystore/keysocket/backend/store.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/softhsm.h"
#include "tools/rootkeep/sandbox/child.h"

namespace rootkeep::testing {

class AgentProcess : public ::testing::Test {
 protected:
  static constexpr std::chrono::seconds kPatience{30};

  AgentProcess() {
    const auto store = hsm.OpenStore();
    web = *store->Create({.use = KeyUse::kApp, .name = "web"}, After(kPatience));
    ca = *store->Create({.use = KeyUse::kRootkeepCa, .name = "mesh"}, After(kPatience));
  }

  // `more` stands in front of the sockets.
  [[nodiscard]] std::string Config(const std::string& isolation = "none", const std::string& more = "") const {
    return "version: 1\nstate_directory: " + hsm.directory() +
           "/state\nmodules:\n  - name: softhsm\n    path: " + SoftHsm::ModulePath() +
           "\n    environment:\n      - name: SOFTHSM2_CONF\n        value: " + hsm.conf_file() +
           "\ntokens:\n  - name: node\n    label: " + SoftHsm::kLabel + "\n    pin_source: " + hsm.pin_source() +
           "\n    isolation: " + isolation + "\n" + more + "sockets:\n  - name: web\n    path: " + Socket("web") +
           "\n    grants:\n      - keys:\n          - use: app\n            name: \"*\"\n        may_create: true\n" +
           "  - name: ca\n    path: " + Socket("ca") + "\n    ca_service: true\n    grants:\n      - users: [\"" +
           std::to_string(geteuid()) + "\"]\n        keys:\n          - use: rootkeep-ca\n            name: mesh\n";
  }
  [[nodiscard]] std::string Socket(const std::string& name) const { return hsm.directory() + "/run-" + name + "/keys"; }
  [[nodiscard]] std::string Catalogue() const { return hsm.directory() + "/state/keys.db"; }
  [[nodiscard]] std::string Log() const { return ReadFile(LogFile(), 1 << 20).value_or(""); }
  [[nodiscard]] std::string ConfigFile() const { return hsm.directory() + "/agent.yaml"; }
  [[nodiscard]] std::string LogFile() const { return hsm.directory() + "/agent.log"; }

  void Write(const std::string& config) const { ASSERT_THAT(WriteFileAtomically(ConfigFile(), config, 0600), IsOk()); }
  void Start() {
    auto started = cli::Child::Start({ROOTKEEP_AGENT, "--config", ConfigFile()}, LogFile());
    ASSERT_THAT(started, IsOk());
    agent = std::make_unique<cli::Child>(*std::move(started));
    // It listens from the last socket on.
    ASSERT_TRUE(Eventually([this] { return access(Socket("ca").c_str(), F_OK) == 0 || agent->WaitEnded({}); }));
    ASSERT_FALSE(agent->WaitEnded({})) << ReadFile(LogFile(), 1 << 20).value_or("");
  }

  static Status SignAndVerify(const Signer& signer) {
    RK_TRY(const Bytes digest, Digest(Hash::kSha256, AsBytes("what is to be signed")));
    RK_TRY(const Bytes signature, signer.Sign(SignatureScheme::kEcdsaSha256, digest, After(kPatience)));
    return signer.public_key().Verify(SignatureScheme::kEcdsaSha256, digest, signature);
  }
  Result<std::shared_ptr<const Signer>> Open(const std::string& socket, const KeyInfo& key) const {
    KeyUri uri = key.uri;
    uri.scheme = UriScheme::kKeySocket;
    return keysocket::OpenStore(Socket(socket))->Open(uri, After(kPatience));
  }

  SoftHsm hsm;
  std::optional<KeyInfo> web;
  std::optional<KeyInfo> ca;
  std::unique_ptr<cli::Child> agent;
};

}  // namespace rootkeep::testing
