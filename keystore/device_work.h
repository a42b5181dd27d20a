// What is asked of a device.
#pragma once

#include <cstddef>
#include <cstdint>

#include "keystore/key_spec.h"

namespace rootkeep {

// A signature with a type of key, or management of what the device holds: making, finding and listing keys. A device
// is not equally parallel with all of them.
class DeviceWork {
 public:
  static constexpr std::size_t kKinds = 7;

  static constexpr DeviceWork Management() { return DeviceWork(0); }
  static constexpr DeviceWork Signature(KeyType type) { return DeviceWork(1 + static_cast<std::size_t>(type)); }

  [[nodiscard]] constexpr std::size_t index() const { return index_; }
  [[nodiscard]] constexpr bool is_signature() const { return index_ != 0; }

 private:
  explicit constexpr DeviceWork(std::size_t index) : index_(static_cast<std::uint8_t>(index)) {}
  std::uint8_t index_;
};

static_assert(static_cast<std::size_t>(KeyType::kEd25519) + 2 == DeviceWork::kKinds);

}  // namespace rootkeep
