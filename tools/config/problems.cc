#include "tools/config/problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rootkeep::config {

void Problems::Add(Position position, std::string path, std::string text) {
  const auto same_key = [&](const Problem& earlier) { return !path.empty() && earlier.path == path; };
  if (std::ranges::any_of(problems_, same_key)) return;
  if (problems_.size() >= kMax) {
    truncated_ = true;
    return;
  }
  problems_.push_back({position, std::move(path), std::move(text)});
}

std::string DescribeProblems(std::string_view file, const Problems& problems) {
  std::multimap<Position, const Problem*> sorted;  // keeps the order of finding among equals
  for (const Problem& problem : problems.all()) sorted.emplace(problem.position, &problem);
  std::string out;
  for (const auto& [position, problem] : sorted) {
    if (!out.empty()) out += '\n';
    out += file;
    if (position.line > 0) out += fmt::format(":{}:{}", position.line, position.column);
    out += problem->path.empty() ? ": " : fmt::format(": {}: ", problem->path);
    out += problem->text;
  }
  if (problems.truncated()) out += fmt::format("\n{}: and more", file);
  return out;
}

}  // namespace rootkeep::config
