// The reason words and native domains that another process may name, where the code has literals.
#pragma once

#include <string_view>

namespace rootkeep {

// The literal with this text; empty for a word that no backend of ours uses. Another process cannot make up words, and
// those by which this one says that the other is gone are not among them.
std::string_view KnownWord(std::string_view word);

}  // namespace rootkeep
