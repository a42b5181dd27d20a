#include "signer/node/open_places.h"

#include <algorithm>
#include <chrono>

namespace rootkeep {
namespace {

constexpr std::chrono::seconds kBusyWait{1};

Error Full(const char* whose) {
  return ResourceExhausted(std::string("too many attempts are under way") + whose)
      .WithReason("attempts")
      .WithRetryAfter(kBusyWait);
}

}  // namespace

struct OpenPlaces::Place::Counts {
  explicit Counts(unsigned all) : places(all) {}

  const unsigned places;
  mutable Mutex mutex;
  unsigned taken RK_GUARDED_BY(mutex) = 0;
  unsigned strangers RK_GUARDED_BY(mutex) = 0;
  std::map<std::string, unsigned> networks RK_GUARDED_BY(mutex);  // none is zero
};

OpenPlaces::OpenPlaces(unsigned places) : counts_(std::make_shared<Place::Counts>(places)) {}

Result<std::shared_ptr<OpenPlaces::Place>> OpenPlaces::Take(const std::string& network) {
  Place::Counts& counts = *counts_;
  {
    const MutexLock lock(counts.mutex);
    if (counts.taken >= counts.places) return Full("");
    const auto of_network = counts.networks.find(network);
    const unsigned held = of_network == counts.networks.end() ? 0 : of_network->second;
    if (held >= std::max(1U, counts.places / 4)) return Full(" from this network");
    counts.networks[network] = held + 1;
    ++counts.taken;
  }
  return std::shared_ptr<Place>(new Place(counts_, network));
}

OpenPlaces::Place::~Place() {
  const MutexLock lock(counts_->mutex);
  --counts_->taken;
  if (strangers_) --counts_->strangers;
  const auto found = counts_->networks.find(network_);
  if (--found->second == 0) counts_->networks.erase(found);
}

Status OpenPlaces::Place::BecomeStrangers() {
  const MutexLock lock(counts_->mutex);
  if (strangers_) return Ok();
  if (counts_->strangers >= std::max(1U, counts_->places / 2)) return Full(" for TPMs that are no node's yet");
  strangers_ = true;
  ++counts_->strangers;
  return Ok();
}

unsigned OpenPlaces::taken() const {
  const MutexLock lock(counts_->mutex);
  return counts_->taken;
}

}  // namespace rootkeep
