// Keeps a stream to SPIRE up to date.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/sync_stream.h>

#include <utility>

#include "providers/spire/upstreamauthority/bundle_feed.h"

namespace rootkeep::spire {

// gRPC's synchronous interface does not wake a thread whose call was cancelled.
inline constexpr std::chrono::milliseconds kCancelCheck{20};

inline bool Goes(const BundleFeed& feed, const grpc::ServerContext& context) {
  return !feed.closed() && !context.IsCancelled();
}

// A stream's part in telling each change once. A Mint stream tells of roots while no local bundle's stream does, and
// then what that one has not told.
class RootsOfMint {
 public:
  // `answered` is what this stream has told itself, first. What another has told, and is newer, counts as told after
  // it, though it may have been before this began.
  RootsOfMint(const BundleFeed& feed, const v1::TrustBundle& answered) : feed_(feed), known_(feed.Told()) {
    if (known_ != nullptr && known_->sequence() > answered.sequence()) known_ = nullptr;
  }
  [[nodiscard]] bool silent() const { return feed_.IsToldLocally(); }
  // What another stream has told since the last time; null: nothing.
  BundlePtr TakeTold() {
    const BundlePtr told = feed_.Told();
    return std::exchange(known_, told) == told ? nullptr : told;
  }
  void Wrote(const BundlePtr& /*bundle*/) {}

 private:
  const BundleFeed& feed_;
  BundlePtr known_;
};

// The local bundle's stream, which speaks for the others.
class LocalBundle {
 public:
  explicit LocalBundle(BundleFeed& feed) : feed_(feed) {}
  [[nodiscard]] static bool silent() { return false; }
  static BundlePtr TakeTold() { return nullptr; }
  void Wrote(const BundlePtr& bundle) { feed_.NoteTold(bundle); }

 private:
  BundleFeed& feed_;
};

// A stream of its own.
class Alone {
 public:
  [[nodiscard]] static bool silent() { return false; }
  static BundlePtr TakeTold() { return nullptr; }
  static void Wrote(const BundlePtr& /*bundle*/) {}
};

// Writes `make(bundle)` of every bundle after `seen` that differs from what was told last, `last` at first, until the
// call is cancelled or the feed closed. While `part` is silent, nothing is written and nothing forgotten.
template <typename Response, typename Make, typename Part>
void Follow(const BundleFeed& feed, const grpc::ServerContext& context, grpc::ServerWriter<Response>& writer,
            const BundlePtr& seen, Response last, Make make, Part part) {
  BundlePtr looked = seen;
  BundlePtr written = seen;
  while (Goes(feed, context)) {
    looked = feed.WaitForOther(looked, After(kCancelCheck));
    if (looked == written || part.silent()) continue;
    if (const BundlePtr told = part.TakeTold()) last = make(*told);
    Response response = make(*looked);
    written = looked;
    if (response.SerializeAsString() != last.SerializeAsString()) {
      if (!writer.Write(response)) return;
      last = std::move(response);
    }
    part.Wrote(written);
  }
}

}  // namespace rootkeep::spire
