#include "keystore/device_meter.h"

#include <algorithm>

namespace rootkeep {
namespace {

// Making, finding and listing keys: seldom, and some of it takes as long as thousands of signatures.
constexpr unsigned kManagers = 4;

// The part of a window in which no more might enter, for the limit to be what everybody waits for. Whose own work
// between two signatures takes longer needs the processor more than the device: more signers would only take it from
// others.
constexpr double kSaturated = 0.7;

// A trial whose kind is not asked for any more ends after this.
constexpr auto kForgotten = std::chrono::seconds(1);

double Seconds(DeviceMeter::Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

DeviceMeter::DeviceMeter(const DeviceMeterOptions& options)
    : options_(options), capacity_(std::max(1U, options.max_concurrency)), kinds_(DeviceWork::kKinds, Kind(options)) {}

unsigned DeviceMeter::limit(DeviceWork work) const {
  return std::min(work.is_signature() ? kind(work).search.limit() : kManagers, capacity_);
}

unsigned DeviceMeter::room(DeviceWork work) const {
  const Kind& mine = kind(work);
  const unsigned least = limit(work);
  // Two limits are compared at a trial: it is held to them.
  if (!mine.at_leisure || trying_ != 0) return least;
  return std::clamp(options_.processors, least, std::max(least, capacity_));
}

// Types of keys share the device up to the largest of their rooms; management, which may take long, goes beside them.
bool DeviceMeter::HasRoom(DeviceWork work) const {
  return inside_ < capacity_ && kind(work).inside < room(work) && (!work.is_signature() || signing_ < top_);
}

bool DeviceMeter::SharesProcessors(DeviceWork work) const {
  return computes_here_ && work.is_signature() && trying_ == 0 &&
         limit(work) >= std::min(options_.processors, capacity_);
}

DeviceMeter::Duration DeviceMeter::time(DeviceWork work) const {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(kind(work).mean));
}

void DeviceMeter::SetCapacity(const DeviceCapacity& capacity) {
  const unsigned most = std::max(1U, options_.max_concurrency);
  capacity_ = std::clamp(capacity.sessions, 1U, most);
  computes_here_ = capacity.computes_here;
  const unsigned signers = capacity.computes_here ? std::min(options_.processors, most) : most;
  for (Kind& one : kinds_) one.search.SetMax(signers);
  if (trying_ != 0 && !kinds_[trying_].search.on_trial()) trying_ = 0;
  FindTop();
}

void DeviceMeter::FindTop() {
  top_ = 1;
  for (std::size_t i = 1; i < kinds_.size(); ++i) {
    top_ = std::max(top_, room(DeviceWork::Signature(static_cast<KeyType>(i - 1))));
  }
}

void DeviceMeter::Entered(DeviceWork work, Time now) {
  Kind& mine = kind(work);
  // A device that was idle for a while has said nothing about how fast it is.
  if (mine.inside == 0 && now - mine.last_left > options_.window / 8) RestartWindow(mine, now);
  Advance(mine, work, now);
  ++mine.inside;
  ++inside_;
  if (work.is_signature()) ++signing_;
}

void DeviceMeter::Left(DeviceWork work, const Stay& stay) {
  Kind& mine = kind(work);
  Advance(mine, work, stay.left);
  --mine.inside;
  --inside_;
  mine.last_left = stay.left;
  if (!work.is_signature()) return Learn(mine, stay, 1);
  const double share = IsOverfull(work) ? static_cast<double>(room(work)) / signing_ : 1;
  --signing_;
  Learn(mine, stay, share);
  if (stay.left - mine.began < options_.window) return;
  if (mine.completions < std::max(options_.window_completions, 2 * limit(work))) return;
  Evaluate(work.index(), stay.left);
}

void DeviceMeter::Advance(Kind& mine, DeviceWork work, Time now) {
  // Threads read the clock before they get here and may come in another order.
  if (now > mine.changed) {
    const double passed = Seconds(now - mine.changed);
    mine.area += mine.inside * passed;
    if (mine.inside >= limit(work)) mine.full += passed;
    mine.changed = now;
  }
  if (work.is_signature() && now > changed_) {
    if (signing_ >= top_) full_ += Seconds(now - changed_);
    changed_ = now;
  }
}

void DeviceMeter::Learn(Kind& mine, const Stay& stay, double share) {
  const double held = Seconds(std::max(stay.left - stay.entered, Duration(1)));
  if (!stay.completed) {
    // What failed was quick or slow for reasons of its own.
    if (stay.entered >= mine.began) mine.area -= held;
    return;
  }
  // One that hung says little about the next.
  const double took = held * share;
  mine.mean = mine.mean == 0 ? took : mine.mean + (std::min(took, 2 * mine.mean) - mine.mean) / 8;
  if (mine.cost == 0) mine.cost = mine.mean;
  mine.work += mine.cost;
  work_ += mine.cost;
  // Those that found the device filling up, or still fuller, would tell of another limit.
  if (mine.skip > 0 && --mine.skip == 0) return RestartWindow(mine, stay.left);
  if (mine.skip > 0 || stay.entered < mine.began) return;
  ++mine.completions;
  mine.held += held;
}

void DeviceMeter::Evaluate(std::size_t index, Time now) {
  Kind& mine = kinds_[index];
  const double seconds = Seconds(now - mine.began);
  const double full = std::max(mine.full, full_ - mine.device_full);
  const bool saturated = full >= kSaturated * seconds;
  mine.at_leisure = !saturated;
  if (MayTry(index, now)) {
    const unsigned before = mine.search.limit();
    mine.search.Observe(Throughput(mine, seconds), saturated);
    trying_ = mine.search.on_trial() ? index : 0;
    if (mine.search.limit() != before) mine.skip = std::max(mine.search.limit(), signing_);
  }
  FindTop();
  RestartWindow(mine, now);
}

// By Little's law, which needs fewer completions than counting them does: many come and go together.
double DeviceMeter::Throughput(const Kind& mine, double seconds) const {
  const double own = mine.area / seconds * mine.completions / mine.held * mine.cost;
  return own + (work_ - mine.work - mine.others) / seconds;
}

bool DeviceMeter::MayTry(std::size_t index, Time now) {
  if (trying_ == 0 || trying_ == index) return true;
  Kind& other = kinds_[trying_];
  if (other.inside > 0 || now - other.last_left < kForgotten) return false;
  other.search.Abandon();
  trying_ = 0;
  FindTop();
  return true;
}

void DeviceMeter::RestartWindow(Kind& mine, Time now) {
  if (trying_ == 0) mine.cost = mine.mean;
  mine.began = now;
  mine.changed = now;
  mine.area = 0;
  mine.full = 0;
  mine.device_full = full_;
  mine.others = work_ - mine.work;
  mine.completions = 0;
  mine.held = 0;
}

}  // namespace rootkeep
