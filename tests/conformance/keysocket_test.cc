// The same backend behind a key socket, as the CA service and as an application would use it.
#include "keystore/keysocket/backend/store.h"

#include <unistd.h>

#include "keystore/keysocket/server/server.h"
#include "tests/conformance/keystore_suite.h"
#include "tests/conformance/softhsm_device.h"

namespace rootkeep::conformance {
namespace {

using namespace keysocket;

// The suite makes rootkeep-ca keys, so its socket is the CA service's.
class AgentDevice final : public SoftHsmDevice {
 public:
  AgentDevice() {
    const Grant grant{
        .users = {geteuid()}, .groups = {}, .keys = {{.use = KeyUse::kRootkeepCa, .name = "*"}}, .may_create = true};
    SocketOptions socket{.name = "ca", .path = hsm().directory() + "/s", .owner = {}, .group = {}, .ca_service = true};
    socket.grants = {grant};
    auto server = Server::Start({socket}, {{.name = "token", .store = hsm().OpenStore()}});
    if (!server.ok()) {
      std::fprintf(stderr, "agent: %s\n", server.error().ToString().c_str());
      std::abort();
    }
    server_ = *std::move(server);
    store_ = OpenStore(socket.path);
  }

  KeyStore& store() override { return *store_; }

 private:
  std::unique_ptr<Server> server_;
  std::shared_ptr<KeyStore> store_;
};

Backend KeySocketBackend() {
  return {.name = "KeySocketSoftHsm", .make = [] { return std::make_unique<AgentDevice>(); }, .has_deleter = false};
}

INSTANTIATE_TEST_SUITE_P(KeySocket, TypeSuite, ::testing::Combine(::testing::Values(KeySocketBackend()), AllTypes()),
                         TypeCaseName);
INSTANTIATE_TEST_SUITE_P(KeySocket, Suite, ::testing::Values(KeySocketBackend()), BackendName);
INSTANTIATE_TEST_SUITE_P(KeySocket, AmbiguitySuite, ::testing::Values(KeySocketBackend()), BackendName);
INSTANTIATE_TEST_SUITE_P(KeySocket, RemovalSuite, ::testing::Values(KeySocketBackend()), BackendName);

}  // namespace
}  // namespace rootkeep::conformance
