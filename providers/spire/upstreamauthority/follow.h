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
  [[nodiscard]] bool silent() const { return feed_.HasLocalSubscription(); }
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

// The local bundle's stream, which speaks for the others. What it has told shortly before its end counts as not told:
// gRPC takes what is written on a call that SPIRE is just ending. SPIRE minds no taint that it hears again, and has no
// other way to one that it has missed.
class LocalBundle {
 public:
  static constexpr std::chrono::seconds kSurelyHeard{1};

  explicit LocalBundle(BundleFeed& feed, std::chrono::steady_clock::duration surely_heard = kSurelyHeard)
      : feed_(feed), surely_heard_(surely_heard), heard_(feed.Told()) {}
  LocalBundle(const LocalBundle&) = delete;
  LocalBundle& operator=(const LocalBundle&) = delete;
  ~LocalBundle() {
    if (IsInDoubt()) feed_.NoteTold(heard_);
  }
  [[nodiscard]] static bool silent() { return false; }
  static BundlePtr TakeTold() { return nullptr; }
  void Wrote(const BundlePtr& bundle) {
    if (!IsInDoubt() && told_ != nullptr) heard_ = told_;
    told_ = bundle;
    doubt_until_ = After(surely_heard_);
    feed_.NoteTold(bundle);
  }

 private:
  [[nodiscard]] bool IsInDoubt() const { return std::chrono::steady_clock::now() < doubt_until_; }

  BundleFeed& feed_;
  const std::chrono::steady_clock::duration surely_heard_;
  BundlePtr heard_;
  BundlePtr told_;
  Deadline doubt_until_;  // of what was told last
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
