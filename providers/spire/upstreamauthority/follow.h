// Keeps a stream to SPIRE up to date.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/sync_stream.h>

#include "providers/spire/upstreamauthority/bundle_feed.h"

namespace rootkeep::spire {

// gRPC's synchronous interface does not wake a thread whose call was cancelled.
inline constexpr std::chrono::milliseconds kCancelCheck{20};

inline bool Goes(const BundleFeed& feed, const grpc::ServerContext& context) {
  return !feed.closed() && !context.IsCancelled();
}

// Writes `make(bundle)` of every bundle after `seen` that differs from what was written last, `last` at first, until
// the call is cancelled or the feed closed. While `silent()`, nothing is written and nothing forgotten.
template <typename Response, typename Make, typename Silent>
void Follow(const BundleFeed& feed, const grpc::ServerContext& context, grpc::ServerWriter<Response>& writer,
            const BundlePtr& seen, Response last, Make make, Silent silent) {
  BundlePtr looked = seen;
  BundlePtr written = seen;
  while (Goes(feed, context)) {
    looked = feed.WaitForOther(looked, After(kCancelCheck));
    if (looked == written || silent()) continue;
    Response response = make(*looked);
    written = looked;
    if (response.SerializeAsString() == last.SerializeAsString()) continue;
    if (!writer.Write(response)) return;
    last = std::move(response);
  }
}

}  // namespace rootkeep::spire
