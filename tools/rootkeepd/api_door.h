// Rootkeep's own API as the daemon runs it: what it owns for it, and in which order that ends.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "signer/bundle/jwt_key_administration.h"
#include "signer/bundle/root_administration.h"
#include "signer/bundle/served_authorities.h"
#include "signer/rpc/certificate_authority_service.h"
#include "signer/rpc/trust_bundle_administration_service.h"
#include "tools/rootkeepd/caller_sockets.h"

namespace rootkeep {

// Thread-safe but for Serve and Stop.
class ApiDoor {
 public:
  // All outlive the door.
  struct Parts {
    const Authenticator& authenticator;
    const Snapshot<Policy>& policy;
    Issuer& issuer;
    const AuthoritySet& authorities;
    TrustBundles& bundles;
    const ServedAuthorities& served;
    Metrics& metrics;
    const Clock& clock;
  };

  // Errors as CallerSockets::Open.
  static Result<std::unique_ptr<ApiDoor>> Open(const config::Config& config, const Parts& parts);

  [[nodiscard]] std::vector<QueuedService*> services() { return {&service_, &administration_}; }
  // What the server is to be started with.
  [[nodiscard]] std::vector<HandedListener> handed() const { return sockets_->handed(); }
  // From now on callers come in by their sockets. Errors as CallerSockets::Serve.
  Status Serve(Server& server);

  // Ends what has lasted long enough; called by the keeper.
  void Round() { service_.streams().Round(); }

  // Before the server: nobody else comes in by a socket, and no stream keeps the server from its end.
  void Close();
  // After the server, before the issuer: what was begun is ended.
  void Stop() {
    workers_.Stop();
    administration_worker_.Stop();
  }

 private:
  ApiDoor(std::unique_ptr<CallerSockets> sockets, const config::Config& config, const Parts& parts);

  const std::unique_ptr<CallerSockets> sockets_;
  RootAdministration roots_;
  JwtKeyAdministration jwt_keys_;
  Workers workers_;
  Workers administration_worker_;  // of its own: no operator waits for clients, nor they for one
  ApiCallers callers_;
  CertificateAuthorityService service_;
  TrustBundleAdministrationService administration_;
};

}  // namespace rootkeep
