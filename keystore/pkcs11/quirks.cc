#include "keystore/pkcs11/quirks.h"

#include <algorithm>
#include <array>

#include "keystore/base/bytes.h"

namespace rootkeep::pkcs11 {
namespace {

constexpr Quirks kNone{};

constexpr auto kTable = std::to_array<Quirks>({
    // SoftHSM 2.6.1, with its token as files
    {.manufacturer = "SoftHSM", .making_disturbs_finding = true},
    // libtpm2-pkcs11 1.9.0 on a TPM 2.0
    {.manufacturer = "tpm2-software.github.io",
     .halves_share_usages = true,
     .rsa_signs_by_decrypting = true,
     .sessions_race = true,
     .refuses_pins_plainly = true,
     .answers_from_memory = true,
     .keys_stay_loaded = true},
});

}  // namespace

const Quirks& QuirksOf(const CK_INFO& info) {
  std::string_view manufacturer = AsText(ByteView(info.manufacturerID, sizeof info.manufacturerID));
  manufacturer = manufacturer.substr(0, manufacturer.find_last_not_of(' ') + 1);
  const auto found = std::ranges::find(kTable, manufacturer, &Quirks::manufacturer);
  return found == kTable.end() ? kNone : *found;
}

}  // namespace rootkeep::pkcs11
