#include <fmt/format.h>

#include "tools/config/duration.h"
#include "tools/config/readers.h"
#include "tools/config/values.h"

namespace rootkeep::config {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr seconds kLongestLife = hours(24 * 3650);

}  // namespace

LifetimeRules ReadLifetimes(const v1::Lifetimes& file, const Section& section, const LifetimeRules& defaults) {
  LifetimeRules out = defaults;
  out.backdate = Duration(section, "backdate", file.backdate(), defaults.backdate, {seconds(0), hours(24)});
  out.min_ttl = Duration(section, "min", file.min(), defaults.min_ttl, {seconds(1), kLongestLife});
  out.max_ttl = Duration(section, "max", file.max(), defaults.max_ttl, {seconds(1), kLongestLife});
  out.default_ttl = Duration(section, "default", file.default_(), defaults.default_ttl, {seconds(1), kLongestLife});
  if (out.min_ttl <= 2 * out.backdate) {
    section.Complain("min", fmt::format("{} is not more than twice the backdate, {}: clients would renew in a loop",
                                        FormatDuration(out.min_ttl), FormatDuration(out.backdate)));
  }
  if (out.default_ttl < out.min_ttl || out.default_ttl > out.max_ttl) {
    section.Complain("default", fmt::format("{} is not between min and max, {} and {}", FormatDuration(out.default_ttl),
                                            FormatDuration(out.min_ttl), FormatDuration(out.max_ttl)));
  }
  return out;
}

}  // namespace rootkeep::config
