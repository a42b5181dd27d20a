// The TPM 2.0 backend behind a key socket, as an agent serves it.
#include <unistd.h>

#include "keystore/keysocket/backend/store.h"
#include "keystore/keysocket/server/server.h"
#include "tests/conformance/swtpm_device.h"

namespace rootkeep::conformance {
namespace {

using namespace keysocket;

// The suite makes rootkeep-ca keys, so its socket is the CA service's.
class TpmAgentDevice final : public SwTpmDevice {
 public:
  TpmAgentDevice() {
    const Grant grant{
        .users = {geteuid()}, .groups = {}, .keys = {{.use = KeyUse::kRootkeepCa, .name = "*"}}, .may_create = true};
    SocketOptions socket{.name = "ca", .path = directory() / "s", .owner = {}, .group = {}, .ca_service = true};
    socket.grants = {grant};
    auto server = Server::Start(
        {socket}, {{.name = "tpm0", .store = OpenTpmStore(tpm2::SessionMode::kPassword), .scheme = UriScheme::kTpm2}});
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

Backend KeySocketTpm2() {
  return {.name = "KeySocketTpm2",
          .make = [] { return std::make_unique<TpmAgentDevice>(); },
          .types_not_offered = kTpmTypesNotOffered,
          .has_deleter = false};
}

INSTANTIATE_TEST_SUITE_P(KeySocket, TypeSuite, ::testing::Combine(::testing::Values(KeySocketTpm2()), AllTypes()),
                         TypeCaseName);
INSTANTIATE_TEST_SUITE_P(KeySocket, Suite, ::testing::Values(KeySocketTpm2()), BackendName);
INSTANTIATE_TEST_SUITE_P(KeySocket, RemovalSuite, ::testing::Values(KeySocketTpm2()), BackendName);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AmbiguitySuite);  // a TPM's label is a name in a directory

}  // namespace
}  // namespace rootkeep::conformance
