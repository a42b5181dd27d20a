// The little of DER that key references and public keys are made of.
#pragma once

#include "keystore/keysocket/wire/octets.h"

namespace rootkeep::provider {

// DER values (X.690 §10) of at most 65,535 octets, one after the other. After one that is not as asked for, there are
// no more.
class DerReader {
 public:
  explicit DerReader(keysocket::Octets octets) noexcept : rest_(octets) {}

  // The content of the next value, which has to have this tag.
  keysocket::Octets Take(std::uint8_t tag) noexcept {
    if (!At(tag) || rest_.size() < 2) return Fail();
    std::size_t size = rest_[1];
    std::size_t head = 2;
    if (size > 0x80 && size <= 0x82) {
      head += size - 0x80;
      if (rest_.size() < head) return Fail();
      size = 0;
      for (std::size_t i = 2; i < head; ++i) size = size << 8U | rest_[i];
      if (size < (head == 3 ? 0x80U : 0x100U)) return Fail();  // not the shortest form
    } else if (size >= 0x80) {
      return Fail();
    }
    if (rest_.size() - head < size) return Fail();
    const keysocket::Octets content = rest_.subspan(head, size);
    rest_ = rest_.subspan(head + size);
    return content;
  }
  // A value inside another.
  keysocket::Octets TakeInside(std::uint8_t outer, std::uint8_t inner) noexcept {
    DerReader within(Take(outer));
    const keysocket::Octets content = within.Take(inner);
    if (!within.Ended()) return Fail();
    return content;
  }
  [[nodiscard]] bool At(std::uint8_t tag) const noexcept { return !failed_ && !rest_.empty() && rest_[0] == tag; }
  [[nodiscard]] bool Ended() const noexcept { return !failed_ && rest_.empty(); }

 private:
  keysocket::Octets Fail() noexcept {
    failed_ = true;
    return {};
  }

  keysocket::Octets rest_;
  bool failed_ = false;
};

}  // namespace rootkeep::provider
