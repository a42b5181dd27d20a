// A rootkeepd that all cases of a suite share, because a token and a daemon take a while to make.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "tests/e2e/istio_call.h"
#include "tests/support/daemon_fixture.h"

namespace rootkeep::testing {

// Its trust bundle has the root in the token and, as an extra anchor, a root whose key the tests hold: so they make
// client certificates of any shape that the daemon has to judge.
class SharedDaemon : public ::testing::Test {
 public:
  static constexpr const char* kSelf = "spiffe://cluster.local/ns/default/sa/httpbin";

  static void SetUpTestSuite();
  static void TearDownTestSuite();

 protected:
  // Back to the configuration that the suite began with.
  void TearDown() override;

  // What SetUpTestSuite does, with a change to the configuration before the daemon starts.
  using Change = std::function<void(config::Config&)>;
  static void StartWith(const Change& change);

  static DaemonFixture& fixture() { return *fixture_; }
  static const Identity& client_ca() { return *client_ca_; }
  // An identity of client_ca() with these names, valid now.
  static Identity Workload(const std::string& san);

  // Reloads a changed configuration. Only what Daemon::Reload takes up.
  void Reload(const Change& change);

  // A file beside the daemon's, for it to read; its path.
  static std::string WriteFile(const std::string& name, const std::string& content);

  // The fixture's good token is shown unless the call says something itself.
  static IstioAnswer Ask(IstioCall call = {});
  // Exactly what the call says.
  static IstioAnswer AskAs(const IstioCall& call);
  static IstioAnswer AskWith(const std::string& token) { return AskAs(IstioCall().Bearer(token)); }

  // The issuing certificate in the state directory, and the key's URI.
  static ossl::Cert IssuingCertificate();
  static std::string IssuingKeyUri();

 private:
  // The root in the token, and those of the configured bundle.
  static std::string RootsOf(const config::Config& config);

  static std::unique_ptr<DaemonFixture> fixture_;
  static std::unique_ptr<Identity> client_ca_;
  static std::string roots_;  // of every hierarchy that the daemon has had, PEM
  bool reloaded_ = false;
};

}  // namespace rootkeep::testing
