// Many callers at once, and a token that takes its time.
#include <latch>

#include "tests/e2e/spire_keymanager_fixture.h"

namespace rootkeep::testing {
namespace {

using keymanager::EC_P256;
using ::testing::IsEmpty;

class SpireKeyManagerLoad : public SpireKeyManager {
 protected:
  // All at the same moment. The texts of those that failed.
  static std::vector<std::string> SignAtOnce(KeyManagerProcess& plugin, std::size_t count) {
    struct Call {
      PluginCall context;
      keymanager::SignDataResponse response;
      grpc::Status status;
    };
    const auto stub = keymanager::KeyManager::NewStub(plugin.host.channel());
    keymanager::SignDataRequest request;
    request.set_key_id("x509-CA-A");
    request.set_data(std::string(32, 'd'));
    request.set_hash_algorithm(keymanager::SHA256);
    std::vector<Call> calls(count);
    std::latch all{static_cast<std::ptrdiff_t>(count)};
    for (Call& call : calls) {
      stub->async()->SignData(&call.context, &request, &call.response, [&call, &all](grpc::Status status) {
        call.status = std::move(status);
        all.count_down();
      });
    }
    all.wait();
    std::vector<std::string> failures;
    for (const Call& call : calls) {
      if (!call.status.ok()) failures.push_back(call.status.error_message());
    }
    return failures;
  }
};

TEST_F(SpireKeyManagerLoad, AThousandCallsAtOnceAreAllServed) {
  const auto plugin = StartPlugin();
  ASSERT_TRUE(plugin->Generate("x509-CA-A", EC_P256).ok());
  EXPECT_THAT(SignAtOnce(*plugin, 1000), IsEmpty());
}

TEST_F(SpireKeyManagerLoad, ATokenThatTakesItsTimeServesThemToo) {
  const Chaos slow;
  slow.Set("delay C_Sign 20ms workers=8 quiet");
  ASSERT_NO_FATAL_FAILURE(RestartAgentBehind(slow));
  const auto plugin = StartPlugin();
  ASSERT_TRUE(plugin->Generate("x509-CA-A", EC_P256).ok());
  EXPECT_THAT(SignAtOnce(*plugin, 300), IsEmpty()) << "each within its own 10 s";
}

}  // namespace
}  // namespace rootkeep::testing
