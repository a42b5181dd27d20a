// The numbers that the application sees instead of the real module's slot ids.
#pragma once

#include <p11-kit/pkcs11.h>

#include <optional>
#include <vector>

namespace rootkeep::chaos {

// A value. As made, it changes nothing.
class SlotMap {
 public:
  // Every slot that has no entry of its own is numbered so much higher.
  void Shift(CK_SLOT_ID offset) { offset_ = offset; }
  // False when either already has an entry.
  bool Name(CK_SLOT_ID shown, CK_SLOT_ID real);

  // None when an entry took the number away from it.
  [[nodiscard]] std::optional<CK_SLOT_ID> Shown(CK_SLOT_ID real) const;
  // None for a number that no slot has now.
  [[nodiscard]] std::optional<CK_SLOT_ID> Real(CK_SLOT_ID shown) const;

  bool operator==(const SlotMap&) const = default;

 private:
  struct Entry {
    CK_SLOT_ID shown;
    CK_SLOT_ID real;
    bool operator==(const Entry&) const = default;
  };

  CK_SLOT_ID offset_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace rootkeep::chaos
