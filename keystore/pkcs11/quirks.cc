#include "keystore/pkcs11/quirks.h"

#include <algorithm>
#include <array>

#include "keystore/base/bytes.h"

namespace rootkeep::pkcs11 {
namespace {

constexpr Quirks kNone{};

constexpr auto kTable = std::to_array<Quirks>({
    // SoftHSM 2.6.1, with its token as files
    {.manufacturer = "SoftHSM",
     .description = "Implementation of PKCS11",
     .making_disturbs_finding = true,
     .computes_here = true,
     .sleeps_in_mutexes = true},
    // The same behind a module that delays it, as rootkeep-chaos does
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

template <std::size_t size>
std::string_view Unpad(const CK_UTF8CHAR (&field)[size]) {
  const std::string_view text = AsText(ByteView(field, size));
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

}  // namespace

const Quirks& QuirksOf(const CK_INFO& info) {
  const auto found = std::ranges::find_if(kTable, [&info](const Quirks& row) {
    return row.manufacturer == Unpad(info.manufacturerID) &&
           (row.description.empty() || row.description == Unpad(info.libraryDescription));
  });
  return found == kTable.end() ? kNone : *found;
}

}  // namespace rootkeep::pkcs11
