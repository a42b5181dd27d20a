// Octets as firmware writes them: little-endian integers. What a TPM writes is big-endian (attestation/wire/codec.h).
#pragma once

#include <concepts>
#include <cstdint>

#include "keystore/base/bytes.h"

namespace rootkeep::attestation {

// Whatever does not fit makes it fail for good, and its values are zero or empty from then on: ask failed() once, after
// the last field. Views point into the input; nothing is allocated.
class LittleEndianReader {
 public:
  explicit LittleEndianReader(ByteView octets) : rest_(octets) {}

  std::uint8_t U8() { return Get<std::uint8_t>(); }
  std::uint16_t U16() { return Get<std::uint16_t>(); }
  std::uint32_t U32() { return Get<std::uint32_t>(); }
  std::uint64_t U64() { return Get<std::uint64_t>(); }

  // Exactly `size` octets.
  ByteView Take(std::uint64_t size) {
    if (failed_ || size > rest_.size()) {
      failed_ = true;
      return {};
    }
    const ByteView taken = rest_.first(static_cast<std::size_t>(size));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

  [[nodiscard]] ByteView rest() const { return rest_; }
  [[nodiscard]] bool failed() const { return failed_; }
  // Everything was read and nothing is left over.
  [[nodiscard]] bool ok() const { return !failed_ && rest_.empty(); }

 private:
  template <std::unsigned_integral T>
  T Get() {
    std::uint64_t value = 0;
    unsigned shift = 0;
    for (const std::uint8_t octet : Take(sizeof(T))) {
      value |= std::uint64_t{octet} << shift;
      shift += 8;
    }
    return static_cast<T>(value);
  }

  ByteView rest_;
  bool failed_ = false;
};

}  // namespace rootkeep::attestation
