// What is wrong with a configuration file: everything at once, each with its place.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rootkeep::config {

// Counted from 1; 0 when the place is not known.
struct Position {
  std::size_t line = 0;
  std::size_t column = 0;

  friend auto operator<=>(const Position&, const Position&) = default;
};

// Where the value of each key that was given stands; keys as "authorities[0].lifetimes.max".
using Positions = std::map<std::string, Position, std::less<>>;

struct Problem {
  Position position;
  std::string path;  // of the key, as in Positions; empty for the file as a whole
  std::string text;
};

// Collects, in order of finding. Bounded: after kMax further ones are only counted.
class Problems {
 public:
  static constexpr std::size_t kMax = 100;

  // A second problem with the same key is left out: it follows from the first.
  void Add(Position position, std::string path, std::string text);

  [[nodiscard]] bool empty() const { return problems_.empty(); }
  [[nodiscard]] const std::vector<Problem>& all() const { return problems_; }
  [[nodiscard]] bool truncated() const { return truncated_; }

 private:
  std::vector<Problem> problems_;
  bool truncated_ = false;
};

// One line a problem, in the order of the file: "rootkeepd.yaml:12:5: limits.drain: not a duration".
std::string DescribeProblems(std::string_view file, const Problems& problems);

}  // namespace rootkeep::config
