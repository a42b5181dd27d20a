// The key manager's program as SPIRE runs it, in front of a rootkeep-agent.
#pragma once

#include <fmt/format.h>
#include <openssl/evp.h>

#include <memory>
#include <string>

#include "keystore/base/bytes.h"
#include "proto/spire/server_keymanager.grpc.pb.h"
#include "tests/e2e/agent_process.h"
#include "tests/support/chaos.h"
#include "tests/support/spire_host.h"

namespace rootkeep::testing {

namespace keymanager = ::spire::plugin::server::keymanager::v1;

// One plugin process, asked as spire-server asks it.
class KeyManagerProcess {
 public:
  KeyManagerProcess() : stub_(keymanager::KeyManager::NewStub(host.channel())) {}

  static std::string Settings(const std::string& socket, const std::string& instance) {
    return "socket = \"" + socket + "\"\ninstance = \"" + instance + "\"\n";
  }

  grpc::Status Generate(const std::string& id, keymanager::KeyType type, keymanager::PublicKey* made = nullptr) {
    PluginCall call;
    keymanager::GenerateKeyRequest request;
    request.set_key_id(id);
    request.set_key_type(type);
    keymanager::GenerateKeyResponse response;
    grpc::Status status = stub_->GenerateKey(&call, request, &response);
    if (made != nullptr) *made = response.public_key();
    return status;
  }
  grpc::Status Get(const std::string& id, keymanager::GetPublicKeyResponse& response) {
    PluginCall call;
    keymanager::GetPublicKeyRequest request;
    request.set_key_id(id);
    return stub_->GetPublicKey(&call, request, &response);
  }
  // The ids of all keys, with their fingerprints.
  std::map<std::string, std::string> GetAll() {
    PluginCall call;
    keymanager::GetPublicKeysResponse response;
    const grpc::Status status = stub_->GetPublicKeys(&call, {}, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::map<std::string, std::string> keys;
    for (const auto& key : response.public_keys()) keys[key.id()] = key.fingerprint();
    return keys;
  }
  grpc::Status Sign(const keymanager::SignDataRequest& request, keymanager::SignDataResponse& response) {
    PluginCall call;
    return stub_->SignData(&call, request, &response);
  }
  // SHA-256 of nothing in particular.
  grpc::Status Sign(const std::string& id, keymanager::SignDataResponse* made = nullptr) {
    keymanager::SignDataRequest request;
    request.set_key_id(id);
    request.set_data(std::string(32, 'd'));
    request.set_hash_algorithm(keymanager::SHA256);
    keymanager::SignDataResponse response;
    grpc::Status status = Sign(request, response);
    if (made != nullptr) *made = response;
    return status;
  }

  SpireHost host{ROOTKEEP_SPIRE_KEYMANAGER, "KeyManager"};

 private:
  const std::unique_ptr<keymanager::KeyManager::Stub> stub_;
};

// A signature as SPIRE's certificates have it, verified over the whole message; `pss` with a salt as long as the hash.
inline bool VerifiesMessage(const keymanager::PublicKey& key, const char* hash, bool pss, const std::string& message,
                            const std::string& signature) {
  const auto* spki = reinterpret_cast<const unsigned char*>(key.pkix_data().data());
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pkey(
      d2i_PUBKEY(nullptr, &spki, static_cast<long>(key.pkix_data().size())), &EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_PKEY_CTX* options = nullptr;
  if (EVP_DigestVerifyInit(context.get(), &options, EVP_get_digestbyname(hash), nullptr, pkey.get()) != 1) return false;
  if (pss && (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
              EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return false;
  }
  const ByteView text = AsBytes(message);
  const ByteView made = AsBytes(signature);
  return EVP_DigestVerify(context.get(), made.data(), made.size(), text.data(), text.size()) == 1;
}

// On SoftHSM, with two sockets for SPIREs.
class SpireKeyManager : public AgentProcess {
 protected:
  void SetUp() override {
    std::string config = Config("none", "replaced_keys:\n  keep: 4\n");
    for (const char* name : {"spire", "spire-2"}) {
      config += fmt::format(
          "  - name: {}\n    path: {}\n    grants:\n      - keys:\n          - use: foreign-ca\n            name: "
          "\"*\"\n"
          "        may_create: true\n",
          name, Socket(name));
    }
    Write(config);
    ASSERT_NO_FATAL_FAILURE(StartAgent());
  }
  void StartAgent() {
    ASSERT_NO_FATAL_FAILURE(Start());
    ASSERT_TRUE(Eventually([this] { return access(Socket("spire-2").c_str(), F_OK) == 0; }));
  }
  // With a token that has the faults of `chaos`, which outlives it.
  void RestartAgentBehind(const Chaos& chaos) {
    ASSERT_EQ(agent->Stop(kPatience), 0);
    std::string config = ReadFile(ConfigFile(), 1 << 16).value();
    config.replace(config.find(SoftHsm::ModulePath()), SoftHsm::ModulePath().size(), Chaos::ModulePath());
    for (const auto& [name, value] : chaos.Environment(SoftHsm::ModulePath())) {
      config.insert(config.find("tokens:"), fmt::format("      - name: {}\n        value: {}\n", name, value));
    }
    Write(config);
    ASSERT_NO_FATAL_FAILURE(StartAgent());
  }
  std::unique_ptr<KeyManagerProcess> StartPlugin(const std::string& instance = "prod-1",
                                                 const std::string& socket = "spire") {
    auto plugin = std::make_unique<KeyManagerProcess>();
    const grpc::Status configured = plugin->host.Configure(KeyManagerProcess::Settings(Socket(socket), instance));
    EXPECT_TRUE(configured.ok()) << configured.error_message();
    return plugin;
  }
};

}  // namespace rootkeep::testing
