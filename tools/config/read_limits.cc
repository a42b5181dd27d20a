#include <fmt/format.h>

#include "tools/config/readers.h"
#include "tools/config/values.h"

namespace rootkeep::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Limits ReadLimitsSection(const v1::Limits& file, const Section& section) {
  constexpr std::uint32_t kMostInFlight = 1'000'000;
  Limits out;
  out.request_deadline =
      Duration(section, "request_deadline", file.request_deadline(), out.request_deadline, {seconds(1), minutes(2)});
  if (file.has_max_in_flight()) out.max_in_flight = file.max_in_flight();
  if (out.max_in_flight < 1 || out.max_in_flight > kMostInFlight) {
    section.Complain("max_in_flight", fmt::format("{} is not between 1 and {}", out.max_in_flight, kMostInFlight));
  }
  out.retry_window = Duration(section, "retry_window", file.retry_window(), out.retry_window, {seconds(0), hours(1)});
  out.drain = Duration(section, "drain", file.drain(), out.drain, {seconds(0), minutes(5)});
  return out;
}

log::Level LevelOf(v1::LogLevel level) {
  switch (level) {
    case v1::LOG_LEVEL_DEBUG: return log::Level::kDebug;
    case v1::LOG_LEVEL_WARNING: return log::Level::kWarning;
    case v1::LOG_LEVEL_ERROR: return log::Level::kError;
    default: return Log{}.level;
  }
}

}  // namespace

Log ReadLog(const v1::Log& file, const Section& section) {
  return {.level = LevelOf(file.level()), .file = OptionalPath(section, "file", file.file())};
}

void ReadLimits(const v1::Config& file, const Section& section, Config& config) {
  config.csr_san = file.csr_san() == v1::CSR_SAN_STRICT ? CsrSan::kStrict : CsrSan::kIgnore;
  config.limits = ReadLimitsSection(file.limits(), section.Child("limits"));
  config.log = ReadLog(file.log(), section.Child("log"));
}

}  // namespace rootkeep::config
