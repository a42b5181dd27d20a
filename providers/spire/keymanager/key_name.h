// How a key that SPIRE calls by its id is called in Rootkeep.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "keystore/base/result.h"

namespace rootkeep::spire {

// Tells several SPIRE servers and agents apart whose keys are in one token: 1 to 32 of a-z, 0-9 and '-', starting with
// a letter or digit. INVALID_ARGUMENT for anything else.
Status CheckInstance(std::string_view instance);

// <instance>.<id>, as the name of a key of use foreign-ca (keystore/NAMES.md): in the id a capital letter is '.' and
// the small one, and an octet that is neither letter, digit nor '-' is "..", and two hexadecimal digits; so ids that
// differ have names that differ. INVALID_ARGUMENT when the name would be longer than 64.
Result<std::string> KeyNameOf(std::string_view instance, std::string_view id);
// The inverse; nothing for a name of another instance's, or one that KeyNameOf does not give.
std::optional<std::string> KeyIdOf(std::string_view instance, std::string_view name);

// What the label of a key of use foreign-ca says, rk/foreign-ca/<name>/<generation>; nothing for any other label.
struct ForeignCaLabel {
  std::string name;
  std::uint32_t generation = 0;
};
std::optional<ForeignCaLabel> ParseForeignCaLabel(std::string_view label);

}  // namespace rootkeep::spire
