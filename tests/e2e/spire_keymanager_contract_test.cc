// The cases of SPIRE's own conformance test of key managers (keymanagertest), asked of the program over gRPC.
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "keystore/catalog/catalog.h"
#include "proto/spire/agent_keymanager.grpc.pb.h"
#include "tests/e2e/spire_keymanager_fixture.h"

namespace rootkeep::testing {
namespace {

using keymanager::EC_P256;
using keymanager::EC_P384;
using keymanager::KeyType;
using keymanager::PublicKey;
using keymanager::RSA_2048;
using keymanager::RSA_4096;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Hash {
  keymanager::HashAlgorithm algorithm;
  const char* name;
};
constexpr Hash kHashes[] = {
    {keymanager::SHA256, "SHA256"}, {keymanager::SHA384, "SHA384"}, {keymanager::SHA512, "SHA512"}};

std::string DigestOf(const char* hash, const std::string& message) {
  std::string digest(static_cast<std::size_t>(EVP_MD_get_size(EVP_get_digestbyname(hash))), '\0');
  EXPECT_EQ(EVP_Digest(message.data(), message.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
                       EVP_get_digestbyname(hash), nullptr),
            1);
  return digest;
}

keymanager::SignDataRequest RequestFor(const PublicKey& key, const Hash& hash, bool pss) {
  keymanager::SignDataRequest request;
  request.set_key_id(key.id());
  request.set_data(DigestOf(hash.name, "to be signed"));
  if (!pss) {
    request.set_hash_algorithm(hash.algorithm);
    return request;
  }
  request.mutable_pss_options()->set_salt_length(-1);
  request.mutable_pss_options()->set_hash_algorithm(hash.algorithm);
  return request;
}

// Every signature that SPIRE may ask of such a key.
void ExpectItSigns(KeyManagerProcess& plugin, const PublicKey& key) {
  const bool rsa = key.type() == RSA_2048 || key.type() == RSA_4096;
  for (const Hash& hash : kHashes) {
    for (const bool pss : {false, true}) {
      if (pss && !rsa) continue;
      keymanager::SignDataResponse made;
      const grpc::Status status = plugin.Sign(RequestFor(key, hash, pss), made);
      ASSERT_TRUE(status.ok()) << status.error_message();
      EXPECT_EQ(made.key_fingerprint(), key.fingerprint());
      EXPECT_TRUE(VerifiesMessage(key, hash.name, pss, "to be signed", made.signature())) << hash.name << pss;
    }
  }
}

class Contract : public SpireKeyManager {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(SpireKeyManager::SetUp());
    plugin = StartPlugin();
  }
  void ExpectRefused(const grpc::Status& status, grpc::StatusCode code, const std::string& text) {
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_EQ(status.error_message(), text);
  }

  std::unique_ptr<KeyManagerProcess> plugin;
};

TEST_F(Contract, KeysOfEveryTypeAreMadeFoundAndSign) {
  EXPECT_THAT(plugin->GetAll(), IsEmpty());
  const std::pair<KeyType, int> types[] = {{EC_P256, 256}, {EC_P384, 384}, {RSA_2048, 2048}, {RSA_4096, 4096}};
  for (const auto& [type, bits] : types) {
    const std::string id = KeyType_Name(type);
    PublicKey key;
    const grpc::Status made = plugin->Generate(id, type, &key);
    ASSERT_TRUE(made.ok()) << made.error_message();
    EXPECT_EQ(key.id(), id);
    EXPECT_EQ(key.type(), type);
    const auto* spki = reinterpret_cast<const unsigned char*>(key.pkix_data().data());
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pkey(
        d2i_PUBKEY(nullptr, &spki, static_cast<long>(key.pkix_data().size())), &EVP_PKEY_free);
    EXPECT_EQ(EVP_PKEY_get_bits(pkey.get()), bits);
    ASSERT_NO_FATAL_FAILURE(ExpectItSigns(*plugin, key));
    keymanager::GetPublicKeyResponse found;
    ASSERT_TRUE(plugin->Get(id, found).ok());
    EXPECT_EQ(found.public_key().SerializeAsString(), key.SerializeAsString());
  }
  EXPECT_EQ(plugin->GetAll().size(), 4U);
}

TEST_F(Contract, ANewKeyTakesThePlaceOfTheOldOne) {
  PublicKey old_key;
  PublicKey new_key;
  ASSERT_TRUE(plugin->Generate("id", EC_P256, &old_key).ok());
  ASSERT_NO_FATAL_FAILURE(ExpectItSigns(*plugin, old_key));
  ASSERT_TRUE(plugin->Generate("id", RSA_2048, &new_key).ok());
  ASSERT_NO_FATAL_FAILURE(ExpectItSigns(*plugin, new_key));
  EXPECT_NE(new_key.fingerprint(), old_key.fingerprint()) << "by which SPIRE sees that its old key is gone";
  EXPECT_EQ(plugin->GetAll(), (std::map<std::string, std::string>{{"id", new_key.fingerprint()}}));
  EXPECT_TRUE(Eventually([&] {
    const auto row = Catalog::Look(Catalogue()).value()->Find("rk/foreign-ca/prod-1.id/1").value();
    return row && row->state == KeyState::kRetired;
  }));
}

TEST_F(Contract, WhatIsMissingOrWrongIsSaidInSpiresWords) {
  using enum grpc::StatusCode;
  ExpectRefused(plugin->Generate("", EC_P256), INVALID_ARGUMENT, "key id is required");
  ExpectRefused(plugin->Generate("id", keymanager::UNSPECIFIED_KEY_TYPE), INVALID_ARGUMENT, "key type is required");
  EXPECT_EQ(plugin->Generate("id", static_cast<KeyType>(9)).error_code(), INVALID_ARGUMENT);
  EXPECT_EQ(plugin->Generate(std::string(60, 'A'), EC_P256).error_code(), INVALID_ARGUMENT);
  keymanager::GetPublicKeyResponse found;
  ExpectRefused(plugin->Get("", found), INVALID_ARGUMENT, "key id is required");
  ASSERT_TRUE(plugin->Get("nope", found).ok());
  EXPECT_FALSE(found.has_public_key());

  keymanager::SignDataResponse made;
  keymanager::SignDataRequest request;
  ExpectRefused(plugin->Sign(request, made), INVALID_ARGUMENT, "key id is required");
  request.set_key_id("id");
  ExpectRefused(plugin->Sign(request, made), INVALID_ARGUMENT, "signer opts is required");
  request.mutable_pss_options();
  ExpectRefused(plugin->Sign(request, made), INVALID_ARGUMENT, "hash algorithm in PSS options is required");
  request.set_hash_algorithm(keymanager::UNSPECIFIED_HASH_ALGORITHM);
  ExpectRefused(plugin->Sign(request, made), INVALID_ARGUMENT, "hash algorithm is required");
  request.set_hash_algorithm(keymanager::SHA256);
  ExpectRefused(plugin->Sign(request, made), NOT_FOUND, "no such key \"id\"");
  ASSERT_TRUE(plugin->Generate("id", EC_P256).ok());
  EXPECT_EQ(plugin->Sign(request, made).error_code(), INVALID_ARGUMENT) << "no digest";
}

TEST_F(Contract, EachOfSpiresProgramsIsToldOfItsOwnService) {
  const std::string config = "spire.service.common.config.v1.Config";
  const std::string metrics = "spire.hostservice.common.metrics.v1.Metrics";
  const std::string for_server = "spire.plugin.server.keymanager.v1.KeyManager";
  const std::string for_agent = "spire.plugin.agent.keymanager.v1.KeyManager";
  EXPECT_THAT(plugin->host.Init({metrics, "spire.hostservice.server.agentstore.v1.AgentStore"}),
              ElementsAre(for_server, config));
  EXPECT_THAT(plugin->host.Init({metrics}), ElementsAre(for_agent, config));
  EXPECT_THAT(plugin->host.Init({}), ElementsAre(for_server, for_agent, config)) << "nobody knows which it is";
}

TEST_F(Contract, TheAgentsServiceIsTheSame) {
  using ::spire::plugin::agent::keymanager::v1::GenerateKeyRequest;
  using ::spire::plugin::agent::keymanager::v1::GenerateKeyResponse;
  using ::spire::plugin::agent::keymanager::v1::KeyManager;
  PluginCall call;
  GenerateKeyRequest request;
  request.set_key_id("agent-svid-A");
  request.set_key_type(::spire::plugin::agent::keymanager::v1::EC_P256);
  GenerateKeyResponse response;
  ASSERT_TRUE(KeyManager::NewStub(plugin->host.channel())->GenerateKey(&call, request, &response).ok());
  EXPECT_EQ(plugin->GetAll(),
            (std::map<std::string, std::string>{{"agent-svid-A", response.public_key().fingerprint()}}));
}

}  // namespace
}  // namespace rootkeep::testing
