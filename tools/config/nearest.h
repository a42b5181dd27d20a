// The word that somebody probably meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rootkeep::config {

// The word in `words` with the least edit distance to `typed`, if no more than about a third of `typed` would have to
// change.
std::optional<std::string> Nearest(std::string_view typed, const std::vector<std::string>& words);

}  // namespace rootkeep::config
