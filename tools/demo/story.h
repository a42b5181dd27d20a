// The demo as lines: each with the time since the start, each written when it happens.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace rootkeep::demo {

class Story {
 public:
  // "[ 1.234 s] text".
  void Tell(const std::string& text) const;
  // Lines below the last step.
  void Detail(const std::vector<std::string>& lines) const;
  void Heading(const std::string& text) const;

  [[nodiscard]] std::chrono::milliseconds Elapsed() const;

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace rootkeep::demo
