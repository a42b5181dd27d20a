// Signals as values that one thread waits for.
#pragma once

#include <cstdint>
#include <optional>

namespace rootkeep {

enum class DaemonSignal : std::uint8_t { kStop, kReload };

// Blocks SIGTERM, SIGINT and SIGHUP in this thread and in all it starts from here on, and ignores SIGPIPE. Called
// first by main.
void BlockSignals();

// Waits for the next of them.
DaemonSignal WaitForSignal();

}  // namespace rootkeep
