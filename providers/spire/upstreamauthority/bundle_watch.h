// Keeps a feed up to date, whatever becomes of the daemon.
#pragma once

#include <functional>
#include <thread>

#include "providers/spire/upstreamauthority/bundle_feed.h"
#include "signer/client/ca_client.h"

namespace rootkeep::spire {

// A thread with one WatchTrustBundle stream, opened again after a wait that grows to 5 s when it ends.
class BundleWatch {
 public:
  // `client` and `feed` are borrowed; `heard` is called on the thread with each bundle's coming. UNAVAILABLE when the
  // thread cannot be started.
  static Result<std::unique_ptr<BundleWatch>> Start(CaClient& client, std::string trust_domain, BundleFeed& feed,
                                                    std::function<void()> heard);

 private:
  BundleWatch(CaClient& client, std::string trust_domain, BundleFeed& feed, std::function<void()> heard)
      : client_(client), trust_domain_(std::move(trust_domain)), feed_(feed), heard_(std::move(heard)) {}
  void Run(const std::stop_token& stop);
  Error WatchOnce(const std::stop_token& stop);
  Status TakeBundle(const v1::TrustBundle& bundle, bool first, const BundlePtr& before);
  void Report(const Error& error);

  CaClient& client_;
  const std::string trust_domain_;
  BundleFeed& feed_;
  const std::function<void()> heard_;
  unsigned failures_ = 0;  // in a row
  bool refused_ = false;   // the last that was reported: the caller may not watch
  std::jthread thread_;    // last: ends before what it uses
};

}  // namespace rootkeep::spire
