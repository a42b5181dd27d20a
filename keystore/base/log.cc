#include "keystore/base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <filesystem>
#include <memory>

#include "keystore/base/clock.h"
#include "keystore/base/json_text.h"
#include "keystore/base/log_format.h"
#include "keystore/base/mutex.h"

namespace rootkeep::log {
namespace {

std::atomic<Level> least_level{Level::kWarning};
std::atomic<Format> format{Format::kRootkeep};

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
    case Level::kWarning: return format == Format::kHclog ? "warn" : "warning";
    case Level::kError: return "error";
  }
  return "error";
}

std::string LineStart(Level level) {
  constexpr std::string_view kRootkeep = R"({{"time":"{}","level":"{}","event":)";
  constexpr std::string_view kHclog = R"({{"@timestamp":"{}","@level":"{}","@message":)";
  return fmt::format(fmt::runtime(format == Format::kHclog ? kHclog : kRootkeep),
                     ToRfc3339Micros(std::chrono::system_clock::now()), LevelName(level));
}

// go-plugin takes no line of more than 64 KiB, and an octet may become six.
std::string_view TextOf(const Field& field) {
  constexpr std::size_t kMost = 1024;
  const std::string_view text = field.text;
  return format == Format::kHclog ? text.substr(0, kMost) : text;
}

// Of the exception that is being handled; lives as long as it is.
const char* WhatNow() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "of no standard type";
  }
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

void SetFormat(Format chosen) { format = chosen; }

bool Enabled(Level level) { return level >= least_level.load(std::memory_order_relaxed); }

void Write(Level level, std::string_view event, std::initializer_list<Field> fields) noexcept try {
  if (!Enabled(level)) return;
  std::string line = LineStart(level);
  AppendJsonString(line, event);
  for (const Field& field : fields) {
    line.push_back(',');
    AppendJsonString(line, field.key);
    line.push_back(':');
    if (field.bare && format != Format::kHclog) {
      line += field.text;
    } else {
      AppendJsonString(line, TextOf(field));
    }
  }
  line.push_back('}');
  TheTarget().logger.load()->info("{}", line);
} catch (...) {
  return;  // for want of memory: what is being done weighs more than its line
}

void Exception(std::string_view event) noexcept try { Failure(event, {{"exception", WhatNow()}}); } catch (...) {
  Failure(event);  // for want of memory
}

void Stop() { TheTarget().logger.load()->flush(); }

}  // namespace rootkeep::log
