#include "signer/rpc/boot_log_room.h"

#include <map>
#include <utility>

#include "keystore/base/mutex.h"

namespace rootkeep {

struct BootLogRoom::Share::Counts {
  explicit Counts(std::size_t octets) : room(octets) {}

  const std::size_t room;
  mutable Mutex mutex;
  std::size_t taken RK_GUARDED_BY(mutex) = 0;
  std::size_t strangers RK_GUARDED_BY(mutex) = 0;
  std::map<std::string, std::size_t> networks RK_GUARDED_BY(mutex);  // none is zero
};

BootLogRoom::BootLogRoom(std::size_t octets) : counts_(std::make_shared<Share::Counts>(octets)) {}

std::unique_ptr<BootLogRoom::Share> BootLogRoom::Open(std::string network, bool stranger) const {
  return std::unique_ptr<Share>(new Share(counts_, std::move(network), stranger));
}

std::size_t BootLogRoom::taken() const {
  const MutexLock lock(counts_->mutex);
  return counts_->taken;
}

Status BootLogRoom::Share::Add(std::size_t octets) {
  if (octets == 0) return Ok();
  Counts& counts = *counts_;
  const MutexLock lock(counts.mutex);
  const auto found = counts.networks.find(network_);
  const std::size_t of_network = found == counts.networks.end() ? 0 : found->second;
  const bool fits = counts.taken + octets <= counts.room && of_network + octets <= counts.room / 4 &&
                    (!stranger_ || counts.strangers + octets <= counts.room / 2);
  if (!fits) return ResourceExhausted("too many boot logs are under way").WithReason("boot_logs");
  counts.networks[network_] = of_network + octets;
  counts.taken += octets;
  if (stranger_) counts.strangers += octets;
  octets_ += octets;
  return Ok();
}

BootLogRoom::Share::~Share() {
  if (octets_ == 0) return;
  const MutexLock lock(counts_->mutex);
  counts_->taken -= octets_;
  if (stranger_) counts_->strangers -= octets_;
  const auto found = counts_->networks.find(network_);
  found->second -= octets_;
  if (found->second == 0) counts_->networks.erase(found);
}

}  // namespace rootkeep
