// Which keys the log's lines have.
#pragma once

#include <cstdint>

namespace rootkeep::log {

enum class Format : std::uint8_t {
  kRootkeep,  // "time", "level" and "event"
  // "@timestamp", "@level" and "@message", as a program with go-plugin reads them from its plugins' standard error
  // (spire.md §1.8). Every value is a string, because such a host ends over some that are not, and is cut at 1 KiB.
  kHclog,
};

// kRootkeep until this is called, first in main.
void SetFormat(Format chosen);

}  // namespace rootkeep::log
