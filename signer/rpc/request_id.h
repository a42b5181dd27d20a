// The word by which a client's report and our log lines find each other.
#pragma once

#include <string>

namespace rootkeep {

// Trailing metadata under which the client gets it.
inline constexpr char kRequestIdHeader[] = "x-request-id";

// 16 lower-case hexadecimal digits, unique within this process and, by a random start, practically across restarts.
std::string NewRequestId();

}  // namespace rootkeep
