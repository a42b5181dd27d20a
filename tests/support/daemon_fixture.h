// rootkeepd in this process on a real SoftHSM token, with a token issuer of the test's own.
#pragma once

#include <memory>
#include <string>

#include "signer/client/istio_client.h"
#include "tests/support/jwt_minter.h"
#include "tests/support/softhsm.h"
#include "tests/support/temp_dir.h"
#include "tools/config/config.h"
#include "tools/rootkeepd/daemon.h"

namespace rootkeep::testing {

// Root and issuing key are generated in the token; their certificates are in the state directory; the daemon listens
// on free loopback ports. Failures while setting up abort the program.
class DaemonFixture {
 public:
  static constexpr const char* kTrustDomain = "cluster.local";
  static constexpr const char* kIssuer = "https://kubernetes.default.svc.cluster.local";

  // `module` may be one that passes calls on to SoftHSM; `path_length` is the issuing CA's.
  explicit DaemonFixture(KeyType key_type = KeyType::kEcP256, std::string module = SoftHsm::ModulePath(),
                         unsigned path_length = 0);
  ~DaemonFixture();

  // What Start takes; a test changes it first.
  config::Config& config() { return config_; }
  [[nodiscard]] const std::string& root_pem() const { return root_pem_; }
  // Of the root's key in the token, for a configuration that issues with it.
  [[nodiscard]] const std::string& root_key_uri() const { return root_key_uri_; }
  [[nodiscard]] SoftHsm& hsm() { return hsm_; }
  [[nodiscard]] const TempDir& directory() const { return directory_; }
  [[nodiscard]] const JwtMinter& minter() const { return minter_; }

  [[nodiscard]] Status Start();
  void Stop() { daemon_.reset(); }
  [[nodiscard]] Daemon& daemon() { return *daemon_; }
  [[nodiscard]] std::string address() const { return daemon_->endpoints().listeners.front(); }

  // A service account token valid now; `spec` says what is different.
  [[nodiscard]] std::string Token(TokenSpec spec = {}) const;
  // A client that trusts the root and shows `token` (empty: none).
  [[nodiscard]] std::unique_ptr<IstioClient> Client(const std::string& token) const;

  // Calls until the daemon issues; how many milliseconds that took.
  std::chrono::milliseconds WaitUntilServing();

 private:
  void MakeAuthority(KeyType key_type, unsigned path_length);

  const TempDir directory_;
  SoftHsm hsm_;
  const JwtMinter minter_{"RS256", "test-key"};
  config::Config config_;
  std::string root_pem_;
  std::string root_key_uri_;
  std::unique_ptr<Daemon> daemon_;
};

}  // namespace rootkeep::testing
