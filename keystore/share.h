// Whose work it is, and how urgent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace rootkeep {

enum class Priority : std::uint8_t {
  kInteractive,  // somebody's program, or this one's own certificate, cannot go on without it
  kIssuance,     // certificates asked for online
  kBulk,         // whatever can be done later
};
inline constexpr std::size_t kPriorities = 3;

// Within a priority every flow gets its turn, however much another has queued.
struct Share {
  Priority priority = Priority::kIssuance;
  std::string flow;  // names a caller
};

}  // namespace rootkeep
