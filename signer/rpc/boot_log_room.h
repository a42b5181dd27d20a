// Room for the boot logs of attempts under way: they are sent before anything is proved.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "keystore/base/result.h"

namespace rootkeep {

// Thread-safe. One network has a quarter of the room at most, and TPMs that are no node's yet have half of it, so that
// neither keeps nodes from sending theirs.
class BootLogRoom {
 public:
  // What one attempt has taken; given back when this goes, and it may outlive the BootLogRoom. For one thread at a
  // time.
  class Share {
   public:
    ~Share();
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    // RESOURCE_EXHAUSTED with reason "boot_logs" when there is no room for these octets beside the others'.
    Status Add(std::size_t octets);

   private:
    friend class BootLogRoom;
    struct Counts;
    Share(std::shared_ptr<Counts> counts, std::string network, bool stranger)
        : counts_(std::move(counts)), network_(std::move(network)), stranger_(stranger) {}

    const std::shared_ptr<Counts> counts_;
    const std::string network_;
    const bool stranger_;
    std::size_t octets_ = 0;
  };

  explicit BootLogRoom(std::size_t octets);

  // `network` as NetworkOf has it; `stranger`: the TPM is not a known node's.
  [[nodiscard]] std::unique_ptr<Share> Open(std::string network, bool stranger) const;
  // Octets that are taken now.
  [[nodiscard]] std::size_t taken() const;

 private:
  const std::shared_ptr<Share::Counts> counts_;
};

}  // namespace rootkeep
