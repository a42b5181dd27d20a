// rootkeepd put together: what it owns, in the order in which it is made and, backwards, taken apart.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "keystore/base/result.h"
#include "signer/authn/jwks_registry.h"
#include "signer/authn/reloadable.h"
#include "signer/bundle/served_authorities.h"
#include "signer/bundle/trust_bundles.h"
#include "signer/issue/issuer.h"
#include "signer/node/recorded_nodes.h"
#include "signer/ops/http_server.h"
#include "signer/rpc/health_service.h"
#include "signer/rpc/istio_service.h"
#include "signer/rpc/server.h"
#include "signer/rpc/serving_certificate.h"
#include "signer/store/state_dir.h"
#include "tools/config/config.h"
#include "tools/hardware/hardware.h"
#include "tools/hardware/key_watch.h"
#include "tools/hardware/shown_reports.h"
#include "tools/rootkeepd/api_door.h"
#include "tools/rootkeepd/authorities.h"
#include "tools/rootkeepd/keeper.h"
#include "tools/rootkeepd/node_door.h"

namespace rootkeep {

// One thread at a time makes, reloads and destroys it; Stop may be called beside Reload.
class Daemon {
 public:
  // Starts everything and serves. Fails on faults that an operator must mend, each worded as the step that failed; an
  // absent token is no fault.
  static Result<std::unique_ptr<Daemon>> Start(config::Config config);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Where each configured listener, health and operations address really is, in the order of the configuration: with a
  // free port in place of 0.
  struct Endpoints {
    std::vector<std::string> listeners;
    std::vector<std::string> health;
    std::vector<std::string> operations;
  };
  [[nodiscard]] const Endpoints& endpoints() const { return endpoints_; }
  // Whether it can do its work now: what health and /readyz say.
  [[nodiscard]] bool ready() const { return readiness_.ready(); }

  // Takes authorities, token issuers, policy and placements from the file again; on any error everything stays as it
  // was. What needs a restart is named in the log; a section attestation that comes or goes is an error.
  void Reload(const std::string& config_path);
  void Reload(const config::Config& fresh);

  // Refuses new calls, lets those under way finish for at most limits.drain, and writes out the ledger. Waits for no
  // token: what the destructor waits for then, threads inside a module, has no answer to give any more.
  void Stop();

 private:
  explicit Daemon(config::Config config) : config_(std::move(config)), drain_(config_.limits.drain) {}

  Status OpenState();
  Result<std::shared_ptr<const Authenticator>> Authenticate(const config::Config& config, bool foreign_cas);
  Result<bool> ForeignCasAreLeft(const config::Config& config);
  void EndDirectIssue(const config::Config& config);
  Status OpenFront();
  Status OpenNodes();
  Status OpenApi();
  [[nodiscard]] bool IsServerIdentity(ByteView sha256) const;
  Status OpenListeners();
  Status Listen();
  Status OpenOperations();
  void ShowReadiness(bool ready);

  config::Config config_;
  const std::chrono::milliseconds drain_;
  bool stopped_ = false;
  const SystemClock clock_;
  Metrics metrics_;
  Readiness readiness_;
  ShownReports<Metrics> reports_{readiness_, metrics_};
  Health health_;
  std::optional<store::StateDir> state_;
  std::optional<Hardware> hardware_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<TrustBundles> bundles_;
  AuthoritySet served_;
  std::unique_ptr<ServedAuthorities> served_authorities_;
  std::unique_ptr<KeyWatch> keys_;
  std::unique_ptr<Authorities> authorities_;
  std::unique_ptr<Snapshot<Policy>> policy_;
  jose::JwksRegistry jwks_;
  std::unique_ptr<RecordedNodes> recorded_nodes_;
  std::unique_ptr<ReloadableAuthenticator> authenticator_;
  std::unique_ptr<Issuer> issuer_;
  std::unique_ptr<IstioService> istio_;
  std::unique_ptr<NodeDoor> nodes_;  // null: nodes cannot attest themselves
  std::unique_ptr<ApiDoor> api_;     // null: Rootkeep's own API is not served
  std::vector<std::unique_ptr<ServingCertificate>> certificates_;
  std::unique_ptr<Keeper> keeper_;
  HealthService health_service_{health_};
  std::unique_ptr<Server> server_;
  std::vector<std::unique_ptr<HttpServer>> http_;
  Endpoints endpoints_;
};

}  // namespace rootkeep
