#include "keystore/base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>

#include "keystore/base/mutex.h"

namespace rootkeep::log {
namespace {

std::atomic<Level> least_level{Level::kWarning};

std::shared_ptr<spdlog::logger> MakeLogger(spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>("rootkeep", std::move(sink));
  logger->set_pattern("%v");
  logger->flush_on(spdlog::level::info);
  return logger;
}

// Never destroyed, so that logging during exit is safe.
struct Target {
  std::atomic<std::shared_ptr<spdlog::logger>> logger{MakeLogger(std::make_shared<spdlog::sinks::stderr_sink_mt>())};
  Mutex mutex;
  std::string path RK_GUARDED_BY(mutex);
};

Target& TheTarget() {
  static auto& target = *new Target;
  return target;
}

// spdlog would make the directories, wherever a misspelt path points.
Status Open(const std::string& path) {
  const auto directory = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!directory.empty() && !std::filesystem::is_directory(directory, error)) {
    return FailedPrecondition("open log " + path + ": its directory does not exist");
  }
  try {
    TheTarget().logger.store(MakeLogger(std::make_shared<spdlog::sinks::basic_file_sink_mt>(path)));
  } catch (const std::exception& failure) {
    return FailedPrecondition(fmt::format("open log {}: {}", path, failure.what()));
  }
  return Ok();
}

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kDebug: return "debug";
    case Level::kInfo: return "info";
    case Level::kWarning: return "warning";
    case Level::kError: return "error";
  }
  return "error";
}

void AppendQuoted(fmt::memory_buffer& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) {
      // Every octet outside printable ASCII is escaped: a log line stays one line of valid JSON whatever a peer sent.
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

std::string Timestamp() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count() % 1'000'000;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, micros);
}

}  // namespace

Status Start(Level least, const std::string& path) {
  least_level = least;
  if (path.empty()) return Ok();
  RK_RETURN_IF_ERROR(Open(path));
  const MutexLock lock(TheTarget().mutex);
  TheTarget().path = path;
  return Ok();
}

Status Reopen() {
  const MutexLock lock(TheTarget().mutex);
  return TheTarget().path.empty() ? Ok() : Open(TheTarget().path);
}

bool Enabled(Level level) { return level >= least_level.load(std::memory_order_relaxed); }

void Write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (!Enabled(level)) return;
  fmt::memory_buffer line;
  fmt::format_to(std::back_inserter(line), R"({{"time":"{}","level":"{}","event":)", Timestamp(), LevelName(level));
  AppendQuoted(line, event);
  for (const Field& field : fields) {
    line.push_back(',');
    AppendQuoted(line, field.key);
    line.push_back(':');
    if (field.bare) {
      line.append(field.text);
    } else {
      AppendQuoted(line, field.text);
    }
  }
  line.push_back('}');
  TheTarget().logger.load()->info("{}", std::string_view(line.data(), line.size()));
}

void Stop() { TheTarget().logger.load()->flush(); }

}  // namespace rootkeep::log
