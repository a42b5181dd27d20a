#include "keystore/reason_words.h"

#include <algorithm>
#include <array>

namespace rootkeep {
namespace {

constexpr std::array<std::string_view, 27> kWords{
    // domains
    "CKR", "errno", "OpenSSL",
    // the PKCS#11 backend's reasons; a test holds this list against the sources of all that a host is made of
    "module_open", "module_down", "module_busy", "token", "token_absent", "token_full", "token_ambiguous", "pin_source",
    "pin_latched", "key_not_found", "key_missing", "key_lost", "key_changed", "key_ambiguous", "key_unusable",
    "deadline", "sessions", "stale",
    // reasons of the code above and below it
    "queue_full", "queue_too_long", "bad_signature", "custody", "key_number", "host_version"};

}  // namespace

std::string_view KnownWord(std::string_view word) {
  const auto* const found = std::ranges::find(kWords, word);
  return found == kWords.end() ? std::string_view() : *found;
}

}  // namespace rootkeep
