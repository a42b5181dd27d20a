#include "tools/config/nearest.h"

#include <algorithm>
#include <numeric>

namespace rootkeep::config {
namespace {

constexpr std::size_t kLongest = 64;  // keys are shorter; the cost is quadratic

// Levenshtein's, one row at a time.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> Nearest(std::string_view typed, const std::vector<std::string>& words) {
  if (typed.size() > kLongest) return std::nullopt;
  std::optional<std::string> best;
  std::size_t least = std::max<std::size_t>((typed.size() + 1) / 3, 1) + 1;
  for (const std::string& word : words) {
    const std::size_t distance = EditDistance(typed, word);
    if (distance >= least) continue;
    least = distance;
    best = word;
  }
  return best;
}

}  // namespace rootkeep::config
