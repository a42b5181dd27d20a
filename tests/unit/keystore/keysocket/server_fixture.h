// A server in this process, and what its callers need.
#pragma once

#include <unistd.h>

#include "keystore/keysocket/server/server.h"
#include "keystore/keysocket/values/convert.h"
#include "keystore/keysocket/wire/client.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/keystore/keysocket/held_keys.h"

namespace rootkeep::keysocket {

inline WireDeadline Soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(30); }

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() { app.grants = {AppsOf("*")}; }

  // Everybody may use the app keys of this name.
  static Grant AppsOf(const std::string& name) {
    return {.users = {}, .groups = {}, .keys = {{.token = {}, .use = KeyUse::kApp, .name = name}}, .may_create = false};
  }
  SocketOptions Socket(const std::string& name) const {
    return {.name = name, .path = directory / name, .owner = {}, .group = {}, .mode = 0600, .grants = {}};
  }

  Status TryStart() {
    std::vector<SocketOptions> sockets = others;
    sockets.push_back(app);
    std::vector<ServedToken> tokens{{.name = "one", .store = one, .workers = workers, .keys = named},
                                    {.name = "two", .store = two, .workers = workers}};
    auto started = Server::Start(std::move(sockets), std::move(tokens), options);
    if (!started.ok()) return started.error();
    server = *std::move(started);
    return Ok();
  }
  void Start() { ASSERT_THAT(TryStart(), testing::IsOk()); }

  // A fresh connection that has said hello.
  Connection Connect(const std::string& path = {}) {
    Connection connection;
    EXPECT_EQ(Connection::Open(path.empty() ? app.path : path, Soon(), connection, why), Outcome::kAnswered)
        << why.message.view();
    return connection;
  }

  static SignCall CallFor(const PublicKey& key) {
    static const auto& digest = *new Bytes(32, 5);
    return {.key = FingerprintOf(key), .scheme = WireScheme::kEcdsaSha256, .input = digest};
  }
  bool Sign(Client& client, const Signer& key) {
    Signature signature;
    const SignCall call = CallFor(key.public_key());
    if (!client.Sign(call, Soon(), signature, why)) return false;
    const Status good = key.public_key().Verify(SignatureScheme::kEcdsaSha256, call.input, signature.view());
    EXPECT_THAT(good, testing::IsOk());
    return good.ok();
  }
  // What a client that has not called before is told.
  bool SignAnew(const Signer& key, const std::string& path = {}) {
    Client client(path.empty() ? app.path : path, {.reconnect_wait = std::chrono::milliseconds(0)});
    return Sign(client, key);
  }

  const testing::TempDir directory;
  const std::shared_ptr<testing::HeldKeys> one = std::make_shared<testing::HeldKeys>("one");
  const std::shared_ptr<testing::HeldKeys> two = std::make_shared<testing::HeldKeys>("two");
  SocketOptions app = Socket("app");
  std::vector<SocketOptions> others;
  std::vector<NamedKey> named;  // on token one
  ServerOptions options;
  unsigned workers = 4;
  std::unique_ptr<Server> server;
  Failure why;
  ReplyMemory memory;
};

}  // namespace rootkeep::keysocket
