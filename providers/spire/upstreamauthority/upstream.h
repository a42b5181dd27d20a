// What one configuration makes: a connection to a daemon, and the watch over its trust bundle.
#pragma once

#include <grpcpp/server_context.h>

#include <atomic>
#include <memory>
#include <string>

#include "providers/spire/upstreamauthority/bundle_feed.h"
#include "providers/spire/upstreamauthority/bundle_watch.h"
#include "providers/spire/upstreamauthority/settings.h"

namespace rootkeep::spire {

// Thread-safe but for Watch and StopWatching.
class Upstream {
 public:
  // Connects to nobody. `feed` is borrowed. Errors as CaClient::Make's.
  static Result<std::unique_ptr<Upstream>> Make(Settings settings, BundleFeed& feed);

  // Begins to fill the feed. Errors as BundleWatch::Start's.
  Status Watch();
  void StopWatching() { watch_.reset(); }

  // For the call `within`, on whose thread they block, until it ends or the feed is closed. A daemon that is away is
  // waited for: up to wait_for_daemon as long as none has answered since this was made, then for 2 s, so that SPIRE,
  // which makes a new key for every failed attempt, does not notice a restart. UNAVAILABLE after that, and when a
  // call hangs for 10 s (4 s for JWT keys: SPIRE gives up after 5); else the daemon's errors.
  Result<v1::SignCertificateResponse> SignCa(const std::string& csr, std::int32_t ttl_seconds,
                                             const grpc::ServerContext& within);
  Result<v1::PublishJwtKeyResponse> PublishJwtKey(v1::JwtKey key, const grpc::ServerContext& within);

 private:
  Upstream(Settings settings, BundleFeed& feed, std::unique_ptr<CaClient> client)
      : settings_(std::move(settings)), feed_(feed), client_(std::move(client)) {}
  template <typename Call>
  auto Ask(std::chrono::milliseconds limit, std::chrono::milliseconds longest_wait, const grpc::ServerContext& within,
           Call call) -> decltype(call(Deadline()));

  const Settings settings_;
  BundleFeed& feed_;
  const std::unique_ptr<CaClient> client_;
  std::atomic<bool> answered_ = false;
  std::unique_ptr<BundleWatch> watch_;
};

}  // namespace rootkeep::spire
