// spire.plugin.server.upstreamauthority.v1.UpstreamAuthority over rootkeepd's CertificateAuthority.
#pragma once

#include <memory>

#include "keystore/base/mutex.h"
#include "proto/spire/upstreamauthority.grpc.pb.h"
#include "providers/spire/plugin/config_service.h"
#include "providers/spire/upstreamauthority/bundle_feed.h"
#include "providers/spire/upstreamauthority/messages.h"
#include "providers/spire/upstreamauthority/upstream.h"

namespace rootkeep::spire {

// Each stream holds a thread of gRPC's: SPIRE has three. They stay open through the daemon's loss, and end with OK when
// SPIRE lets go of the plugin. Whatever SPIRE would take for a fault of the plugin ends a stream only before its first
// response; SubscribeToLocalBundle waits for one instead, because its failure stops spire-server (spire.md §0.4).
class UpstreamAuthorityService final : public upstreamauthority::UpstreamAuthority::Service, public Configurable {
 public:
  Status Configure(const std::string& trust_domain, hcl::Section& settings) override;
  Status Validate(const std::string& trust_domain, hcl::Section& settings) override;
  // Ends the streams and the watch.
  void Deinit();

  // Roots are told here only while there is no subscription to the local bundle: SPIRE may end over a taint that it
  // hears twice at once (spire.md §2.5).
  grpc::Status MintX509CAAndSubscribe(grpc::ServerContext* context, const upstreamauthority::MintX509CARequest* request,
                                      grpc::ServerWriter<upstreamauthority::MintX509CAResponse>* writer) override;
  grpc::Status PublishJWTKeyAndSubscribe(grpc::ServerContext* context,
                                         const upstreamauthority::PublishJWTKeyRequest* request,
                                         grpc::ServerWriter<upstreamauthority::PublishJWTKeyResponse>* writer) override;
  grpc::Status SubscribeToLocalBundle(
      grpc::ServerContext* context, const upstreamauthority::SubscribeToLocalBundleRequest* request,
      grpc::ServerWriter<upstreamauthority::SubscribeToLocalBundleResponse>* writer) override;

 private:
  // FAILED_PRECONDITION before the first Configure.
  Result<std::shared_ptr<Upstream>> Configured() const;
  std::shared_ptr<Upstream> Swap(std::shared_ptr<Upstream> upstream);
  // A certificate, when SPIRE may hear of its bundle.
  Result<v1::SignCertificateResponse> Sign(const upstreamauthority::MintX509CARequest& request,
                                           const grpc::ServerContext& context);

  BundleFeed feed_;
  Mutex configuring_;  // before mutex_
  mutable Mutex mutex_;
  std::shared_ptr<Upstream> upstream_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep::spire
