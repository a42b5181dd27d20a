// Keys that a grant allows and something else forbids, and keys that another tool made.
#include "tests/unit/keystore/keysocket/server_fixture.h"

namespace rootkeep::keysocket {
namespace {

class KeySocketPermit : public ServerTest {
 protected:
  KeySocketPermit() {
    options.permit = [this](const SocketOptions& /*socket*/, const KeyInfo& key) -> Status {
      if (key.label != retired.load()) return Ok();
      return FailedPrecondition("it is RETIRED").WithReason("key_state");
    };
  }

  std::atomic<const char*> retired = "";
};

TEST_F(KeySocketPermit, AKeyThatMayNotSignIsNotOfferedAndItsDenialIsCounted) {
  const auto web = one->Add("rk/app/web/1");
  const auto mail = one->Add("rk/app/mail/1");
  Start();
  Client client(app.path);
  ASSERT_TRUE(Sign(client, *web)) << why.message.view();
  retired = "rk/app/web/1";
  // Known to the agent by now, and to this client.
  EXPECT_FALSE(Sign(client, *web));
  EXPECT_EQ(why.code, FailureCode::kFailedPrecondition);
  EXPECT_EQ(why.reason.view(), "key_state");
  EXPECT_EQ(server->denied(), 1U);
  KeyDescription key;
  EXPECT_FALSE(client.Describe("keysocket:object=rk%2Fapp%2Fweb%2F1", Soon(), memory, key, why));
  EXPECT_EQ(why.reason.view(), "key_state");
  EXPECT_EQ(server->denied(), 2U);
  ListReply list;
  ASSERT_TRUE(client.List({}, Soon(), memory, list, why));
  ASSERT_EQ(list.count, 1U);
  EXPECT_EQ(list.keys[0].fingerprint, FingerprintOf(mail->public_key()));
  EXPECT_EQ(server->denied(), 2U) << "who lists asks for no key";
  EXPECT_TRUE(Sign(client, *mail)) << why.message.view();
  retired = "";
  EXPECT_TRUE(Sign(client, *web)) << why.message.view();
}

// A wrong signature of RSA's can tell the private key.
TEST_F(KeySocketPermit, AWrongRsaSignatureStaysWithTheAgent) {
  const auto web = one->Add("rk/app/web/1", "RSA:2048");
  Start();
  Client client(app.path);
  SignCall call = CallFor(web->public_key());
  call.scheme = WireScheme::kRsaPssSha256;
  Signature signature;
  ASSERT_TRUE(client.Sign(call, Soon(), signature, why)) << why.message.view();
  web->gate().Corrupt();
  EXPECT_FALSE(client.Sign(call, Soon(), signature, why));
  EXPECT_EQ(why.code, FailureCode::kDataLoss);
  EXPECT_EQ(why.reason.view(), "bad_signature");
}

TEST_F(KeySocketPermit, WhoMayNotUseAKeyIsNotToldOfItsState) {
  const auto ca = one->Add("rk/node/web/1");
  Start();
  retired = "rk/node/web/1";
  Client client(app.path);
  EXPECT_FALSE(Sign(client, *ca));
  EXPECT_EQ(why.code, FailureCode::kNotFound);
}

TEST_F(KeySocketPermit, AKeyThatAnotherToolMadeIsServedWhenItIsNamed) {
  const auto theirs = one->Add("TLS key");
  const auto other = one->Add("other key");
  named = {{.uri = {.object_label = "TLS key", .object_id = {}, .pin_source = {}}, .use = KeyUse::kApp, .name = "tls"}};
  app.grants = {AppsOf("tls")};
  Start();
  Client client(app.path);
  EXPECT_TRUE(Sign(client, *theirs)) << why.message.view();
  EXPECT_FALSE(Sign(client, *other));
  EXPECT_EQ(why.code, FailureCode::kNotFound);
  KeyDescription key;
  // As it stands in a file of another provider's.
  ASSERT_TRUE(client.Describe("pkcs11:token=one;object=TLS%20key;type=private", Soon(), memory, key, why))
      << why.message.view();
  EXPECT_EQ(key.fingerprint, FingerprintOf(theirs->public_key()));
  EXPECT_EQ(key.use, WireUse::kApp);
  EXPECT_EQ(key.label, "TLS key");
  ListReply list;
  ASSERT_TRUE(client.List({}, Soon(), memory, list, why));
  EXPECT_EQ(list.count, 1U);
}

TEST_F(KeySocketPermit, ANameThatMeansTwoKeysMeansNone) {
  const auto first = one->Add("TLS key");
  const auto second = one->Add("TLS key");
  named = {{.uri = {.object_label = "TLS key", .object_id = {}, .pin_source = {}}, .use = KeyUse::kApp, .name = "tls"}};
  Start();
  EXPECT_FALSE(SignAnew(*first));
  EXPECT_EQ(why.code, FailureCode::kNotFound);
  EXPECT_FALSE(SignAnew(*second));
  ListReply list;
  ASSERT_TRUE(Client(app.path).List({}, Soon(), memory, list, why));
  EXPECT_EQ(list.count, 0U);
}

TEST_F(KeySocketPermit, ALabelOfOursIsNotOverruled) {
  const auto ca = one->Add("rk/rootkeep-ca/mesh/1");
  named = {{.uri = {.object_label = "rk/rootkeep-ca/mesh/1", .object_id = {}, .pin_source = {}},
            .use = KeyUse::kApp,
            .name = "mesh"}};
  Start();
  EXPECT_FALSE(SignAnew(*ca));
  EXPECT_EQ(why.code, FailureCode::kNotFound);
}

}  // namespace
}  // namespace rootkeep::keysocket
