// Whether a key may sign: what the catalogue says about it, to whoever opens it (NAMES.md, "Permitted users").
#pragma once

#include <span>
#include <string_view>

#include "keystore/catalog/entry.h"

namespace rootkeep {

// Permitted users that Rootkeep's programs are.
inline constexpr std::string_view kUserDaemon = "rootkeepd";      // the CA service
inline constexpr std::string_view kUserOperator = "operator";     // `rootkeep`, in a ceremony
inline constexpr std::string_view kUserAgent = "rootkeep-agent";  // for those whom its configuration grants the key

// Who may sign with a new key of that use when nobody says.
std::vector<std::string> DefaultUsers(KeyUse use);

// What a key is opened for.
struct Purpose {
  std::optional<KeyUse> use;  // which it must be catalogued as
  // Who signs with it. Empty: nobody; what is signed says which key made it and nothing else (a request for its own
  // certificate, the statements of evidence and doctor).
  std::string_view user;
};

// Pure. Judges every row that has the key's label or public key; each must allow it.
//   NOT_FOUND            key_uncatalogued  no row has either
//   FAILED_PRECONDITION  key_pending       its creation was not finished
//                        key_state         RETIRED (also while MISSING) or DESTROYED
//                        key_use, key_user
//   DATA_LOSS            key_another       the row with its label has another public key
// A MISSING key that is opened has returned: it may sign when the key it was may.
Status CheckPermitted(std::span<const CatalogEntry> entries, const KeyInfo& key, const Purpose& purpose);

}  // namespace rootkeep
