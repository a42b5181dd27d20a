#include "providers/spire/upstreamauthority/bundle_watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "keystore/base/guard.h"
#include "keystore/base/pause.h"
#include "signer/client/retry.h"

namespace rootkeep::spire {
namespace {

constexpr std::chrono::milliseconds kLongestWait{5000};
constexpr std::chrono::seconds kSteady{5};  // a stream that lasted so long was none of a daemon that fails at once

}  // namespace

Result<std::unique_ptr<BundleWatch>> BundleWatch::Start(CaClient& client, std::string trust_domain, BundleFeed& feed,
                                                        std::function<void()> heard) {
  std::unique_ptr<BundleWatch> watch(new BundleWatch(client, std::move(trust_domain), feed, std::move(heard)));
  const bool started = RunGuarded("spire.thread_not_started", [&watch] {
    watch->thread_ = std::jthread([&w = *watch](const std::stop_token& stop) { w.Run(stop); });
  });
  if (!started) return Unavailable("a thread could not be started");
  return watch;
}

void BundleWatch::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Deadline steady = After(kSteady);
    RunGuarded("spire.exception", [&] {
      const Error ended = WatchOnce(stop);
      if (std::chrono::steady_clock::now() >= steady) failures_ = 0;
      if (!stop.stop_requested()) Report(ended);
    });
    ++failures_;
    PauseUntil(After(std::min(WaitAfter({}, failures_, 0.5), kLongestWait)), stop);
  }
}

Error BundleWatch::WatchOnce(const std::stop_token& stop) {
  v1::WatchTrustBundleRequest request;
  request.set_trust_domain(trust_domain_);
  const BundlePtr before = feed_.Current();
  bool first = true;
  return client_.WatchTrustBundle(
      request, [&](const v1::TrustBundle& bundle) { return TakeBundle(bundle, std::exchange(first, false), before); },
      stop);
}

Status BundleWatch::TakeBundle(const v1::TrustBundle& bundle, bool first, const BundlePtr& before) {
  if (bundle.trust_domain() != trust_domain_ || bundle.roots().empty()) {
    return Internal(fmt::format("WatchTrustBundle: a bundle without roots, or not of {}", trust_domain_));
  }
  if (first) {
    log::Info("spire.daemon_watched", {{"sequence", bundle.sequence()}, {"roots", bundle.roots_size()}});
    feed_.Restart(bundle, before);
  } else {
    log::Info("spire.bundle_changed", {{"sequence", bundle.sequence()}, {"roots", bundle.roots_size()}});
    feed_.Offer(bundle);
  }
  heard_();
  return Ok();
}

// Once for each loss, and once when what was lost comes back and refuses.
void BundleWatch::Report(const Error& error) {
  const bool refused = error.code() == Code::kPermissionDenied;
  if (failures_ > 0 && refused == refused_) return;
  refused_ = refused;
  log::Warning(refused ? "spire.watch_refused" : "spire.daemon_lost", {{"detail", error.ToString()}});
}

}  // namespace rootkeep::spire
