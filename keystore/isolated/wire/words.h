// The reason words and native domains that may come over the wire, where the code has literals.
#pragma once

#include <string_view>

namespace rootkeep::isolated {

// The literal with this text; empty for a word that no backend of ours uses. A host cannot make up words, and those by
// which this side says that a host is gone are not among them.
std::string_view KnownWord(std::string_view word);

}  // namespace rootkeep::isolated
