// The words for kinds of keys, as --help lists them.
#pragma once

#include <string>
#include <vector>

namespace rootkeep::cli {

std::vector<std::string> KeyTypeNames();
std::vector<std::string> KeyUseNames();
std::vector<std::string> CustodyLevelNames();

}  // namespace rootkeep::cli
