// YAML text as a plain tree with positions, under limits; the subset that a configuration needs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/config/problems.h"

namespace rootkeep::config {

inline constexpr std::size_t kMaxYamlText = 256 * 1024;
inline constexpr std::size_t kMaxYamlDepth = 16;
inline constexpr std::size_t kMaxYamlNodes = 50'000;

struct YamlNode {
  enum class Kind : std::uint8_t { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  Position position;
  std::string text;             // of a scalar
  bool quoted = false;          // a scalar in quotes or a block scalar: text whatever it looks like
  std::vector<YamlNode> keys;   // of a map, in order; duplicates are kept
  std::vector<YamlNode> items;  // of a list, or the values of a map's keys
};

// "nothing", "text", "a list", "a map", for messages.
std::string_view KindName(YamlNode::Kind kind);

// The one document in `text`. Nothing, and a problem, for a syntax error, an empty or a second document, aliases and
// anchors (a few of them expand without end), tags, control characters, and what exceeds the limits.
std::optional<YamlNode> ParseYaml(std::string_view text, Problems& problems);

}  // namespace rootkeep::config
