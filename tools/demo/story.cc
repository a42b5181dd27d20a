#include "tools/demo/story.h"

#include <fmt/format.h>

#include "tools/rootkeep/output.h"

namespace rootkeep::demo {

std::chrono::milliseconds Story::Elapsed() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start_);
}

void Story::Tell(const std::string& text) const {
  cli::PrintLine(fmt::format("[{:6.3f} s] {}", static_cast<double>(Elapsed().count()) / 1000, text));
}

void Story::Detail(const std::vector<std::string>& lines) const {
  for (const std::string& line : lines) cli::PrintLine("             " + line);
}

void Story::Heading(const std::string& text) const { cli::PrintLine("\n" + text); }

}  // namespace rootkeep::demo
