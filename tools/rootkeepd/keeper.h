// The thread that looks after what changes by itself: tokens, authorities, serving certificates, the ledger.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"
#include "signer/authority/authority_set.h"
#include "signer/bundle/served_authorities.h"
#include "signer/bundle/trust_bundles.h"
#include "signer/issue/issuer.h"
#include "signer/ledger/ledger.h"
#include "signer/ops/readiness.h"
#include "signer/rpc/serving_certificate.h"
#include "tools/hardware/hardware.h"
#include "tools/hardware/key_watch.h"
#include "tools/rootkeepd/api_door.h"
#include "tools/rootkeepd/authorities.h"
#include "tools/rootkeepd/node_door.h"

namespace rootkeep {

// A token that hangs holds up this thread and no request.
class Keeper {
 public:
  // All outlive the keeper.
  struct Parts {
    Hardware& hardware;
    HardwareReports& reports;
    KeyWatch& keys;
    Authorities& authorities;
    const ServedAuthorities& served;
    const AuthoritySet& signing;
    TrustBundles& bundles;
    Issuer& issuer;
    Ledger& ledger;
    Readiness& readiness;
    Metrics& metrics;
    const Clock& clock;
    std::vector<std::unique_ptr<ServingCertificate>>& certificates;
    NodeDoor* nodes;  // null: none
    ApiDoor* api;     // null: none
  };

  // Serving certificates come from the authority that signs in `trust_domain`.
  Keeper(Parts parts, std::string trust_domain) : parts_(parts), trust_domain_(std::move(trust_domain)) {}

  // One round, on the calling thread; the first is made by main before it says that it is ready.
  void Round();

  // Runs a round every kPeriod until destroyed.
  void Start();

  // Loads the authorities of a new configuration between two rounds. On an error the old ones stay.
  Status Reload(const config::Config& config);

 private:
  static constexpr std::chrono::milliseconds kPeriod{200};

  void Run(const std::stop_token& stop);
  void RoundLocked() RK_REQUIRES(mutex_);
  void RenewCertificates(WallTime now) RK_REQUIRES(mutex_);
  void ShowClientRoots() RK_REQUIRES(mutex_);
  void FollowSigning() RK_REQUIRES(mutex_);
  void DropExpiredKeys() RK_REQUIRES(mutex_);

  const Parts parts_;
  Mutex mutex_;
  std::shared_ptr<const std::string> shown_roots_ RK_GUARDED_BY(mutex_);
  std::string trust_domain_ RK_GUARDED_BY(mutex_);  // of the serving certificates
  std::string followed_ RK_GUARDED_BY(mutex_);  // fingerprint of the issuing certificate that serving ones are below
  Deadline retry_certificates_at_ RK_GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace rootkeep
