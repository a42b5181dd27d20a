// rootkeep.v1.CertificateAuthority: the door of Rootkeep's own clients, SPIRE's plugins among them.
#pragma once

#include <chrono>

#include "keystore/base/mutex.h"
#include "proto/rootkeep/v1/certificate_authority.grpc.pb.h"
#include "signer/bundle/trust_bundles.h"
#include "signer/issue/issuer.h"
#include "signer/node/rate_limit.h"
#include "signer/rpc/api_call.h"
#include "signer/rpc/bundle_streams.h"
#include "signer/rpc/ca_evidence.h"
#include "signer/rpc/event.h"

namespace rootkeep {

// A few lines between gRPC and Issuer, TrustBundles and the issuing key. Polling threads decide; what the database or
// the token does is workers' business. Refusals are logged and counted; what a known caller is refused about JWT keys
// is in the bundle's history too.
class CertificateAuthorityService final : public QueuedService {
 public:
  // All outlive the service; `issuer` and the workers, which answer whenever they do, end after the server and before
  // it.
  struct Parts {
    ApiParts api;
    Issuer& issuer;
    const AuthoritySet& authorities;
    TrustBundles& bundles;
    const Clock& clock;
    std::chrono::milliseconds max_duration;  // of a call, whatever the client asks
  };

  explicit CertificateAuthorityService(Parts parts)
      : parts_(parts), evidence_(parts.clock), streams_(parts.api.callers, parts.api.metrics) {}

  grpc::Service& grpc_service() override { return service_; }
  void Await(const CallQueue& queue) override;

  // The streams that it has; ended by Stop before the server is.
  [[nodiscard]] BundleStreams& streams() { return streams_; }

 private:
  class Sign;
  class Watch;
  class Publish;
  class Evidence;

  const Parts parts_;
  CaEvidenceStore evidence_;
  BundleStreams streams_;
  // By caller: each publication and each refusal on record is a transaction. A server of SPIRE's whose rotation fails
  // publishes every ten seconds.
  RateLimit publications_{{.per_minute = 30, .burst = 30}, 256};
  RateLimit recorded_refusals_{{.per_minute = 6, .burst = 20}, 256};
  v1::CertificateAuthority::AsyncService service_;
};

}  // namespace rootkeep
