#include "signer/rpc/bundle_streams.h"

#include <algorithm>
#include <utility>

namespace rootkeep {
namespace {

Error Stopping() { return Unavailable("the service is stopping").WithReason("stopping"); }

}  // namespace

Status BundleStreams::Add(std::shared_ptr<BundleStream> stream) {
  const bool socket = stream->known().caller.method == AuthMethod::kLocalSocket;
  const MutexLock lock(mutex_);
  if (stopped_) return Stopping();
  const std::string& name = stream->known().entry.name;
  const auto own = static_cast<std::size_t>(std::ranges::count_if(
      entries_, [&name](const Entry& entry) { return entry.stream->known().entry.name == name; }));
  if (entries_.size() >= kMost || own >= kMostEach) {
    return ResourceExhausted("too many streams").WithReason("streams").WithRetryAfter(std::chrono::seconds(1));
  }
  entries_.push_back({std::move(stream), socket ? Deadline::max() : After(kLongest)});
  metrics_.SetBundleStreams(entries_.size());
  return Ok();
}

void BundleStreams::Remove(const std::shared_ptr<BundleStream>& stream) {
  const MutexLock lock(mutex_);
  std::erase_if(entries_, [&stream](const Entry& entry) { return entry.stream == stream; });
  metrics_.SetBundleStreams(entries_.size());
}

std::vector<BundleStreams::Entry> BundleStreams::All() const {
  const MutexLock lock(mutex_);
  return entries_;
}

void BundleStreams::Round() {
  const Deadline now = After(std::chrono::seconds(0));
  for (const Entry& entry : All()) {
    const auto present = callers_.EntryOf(entry.stream->known().caller);
    if (!present.ok() || !present->watch_bundle) {
      entry.stream->Refuse(PermissionDenied("the caller may not watch the trust bundle any more").WithReason("watch"));
    } else if (now >= entry.until) {
      entry.stream->Finish();
    }
  }
}

void BundleStreams::Stop() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
  }
  for (const Entry& entry : All()) entry.stream->Refuse(Stopping());
}

}  // namespace rootkeep
