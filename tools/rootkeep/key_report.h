// A key in a token, in words and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "keystore/key_info.h"

namespace rootkeep::cli {

// "token "ca" (serial 0a1b2c)".
std::string TokenText(const DeviceInfo& device);

// What the token says about the key and who vouches for it, on one line.
std::string CustodyText(const KeyInfo& key);

// Lines "name  value": everything known about the key.
std::vector<std::string> KeyLines(const KeyInfo& key);

nlohmann::ordered_json KeyJson(const KeyInfo& key);

// One or the other, on standard output.
void PrintKey(const KeyInfo& key, bool json);

}  // namespace rootkeep::cli
