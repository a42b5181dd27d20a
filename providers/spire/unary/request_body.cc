#include "providers/spire/unary/request_body.h"

#include <algorithm>

namespace rootkeep::spire::unary {

bool RequestBody::Append(std::string_view data) {
  const std::size_t size = octets_.size() + data.size();
  if (size > room_) {
    // As the string grows by itself.
    const std::size_t room = std::max(size, 2 * room_);
    if (!budget_->Take(room - room_)) return false;
    room_ = room;
    octets_.reserve(room);
  }
  octets_ += data;
  return true;
}

void RequestBody::Drop() noexcept {
  std::string().swap(octets_);
  budget_->GiveBack(std::exchange(room_, 0));
}

}  // namespace rootkeep::spire::unary
