// rootkeep.v1.TrustBundleAdministration: the door of operators who change a trust domain's bundle.
#pragma once

#include "proto/rootkeep/v1/trust_bundle_administration.grpc.pb.h"
#include "signer/bundle/jwt_key_administration.h"
#include "signer/bundle/root_administration.h"
#include "signer/rpc/api_call.h"
#include "signer/rpc/event.h"

namespace rootkeep {

// A few lines between gRPC and the administrations; who calls, and in which role, is known before. Workers wait for the
// database.
class TrustBundleAdministrationService final : public QueuedService {
 public:
  // All outlive the service.
  struct Parts {
    ApiParts api;
    TrustBundles& bundles;
    RootAdministration& roots;
    JwtKeyAdministration& jwt_keys;
  };

  explicit TrustBundleAdministrationService(Parts parts) : parts_(parts) {}

  grpc::Service& grpc_service() override { return service_; }
  void Await(const CallQueue& queue) override;

 private:
  template <typename Request, typename Response>
  class Call;

  const Parts parts_;
  v1::TrustBundleAdministration::AsyncService service_;
};

}  // namespace rootkeep
