// Structured logging: one JSON object a line. A constant event name, variable data in fields, never a secret.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "keystore/base/error.h"
#include "keystore/base/result.h"

namespace rootkeep::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError };

// One key with a string, number or truth value. Keys are literals in snake_case.
struct Field {
  Field(std::string_view k, std::string_view v) : key(k), text(v) {}
  Field(std::string_view k, const std::string& v) : key(k), text(v) {}
  Field(std::string_view k, const char* v) : key(k), text(v) {}
  Field(std::string_view k, bool v) : key(k), text(v ? "true" : "false"), bare(true) {}
  template <std::integral T>
  Field(std::string_view k, T v) : key(k), text(std::to_string(v)), bare(true) {}
  Field(std::string_view k, double v) : key(k), text(std::to_string(v)), bare(true) {}

  std::string_view key;
  std::string text;
  bool bare = false;  // written without quotes
};

// Chooses the least level written and, when `path` is not empty, the file appended to instead of standard error; its
// directory must exist. Without it, warnings and errors go to standard error. FAILED_PRECONDITION when the file cannot
// be opened, and what was before stays.
Status Start(Level least, const std::string& path);

// Opens the file again under its name: whoever rotates logs has renamed it. Nothing without a file. Thread-safe; errors
// as Start's.
Status Reopen();

[[nodiscard]] bool Enabled(Level level);

// Thread-safe; one line is never torn by another. A line for which there is no memory is lost.
void Write(Level level, std::string_view event, std::initializer_list<Field> fields) noexcept;

inline void Debug(std::string_view event, std::initializer_list<Field> fields = {}) {
  if (Enabled(Level::kDebug)) Write(Level::kDebug, event, fields);
}
inline void Info(std::string_view event, std::initializer_list<Field> fields = {}) {
  if (Enabled(Level::kInfo)) Write(Level::kInfo, event, fields);
}
inline void Warning(std::string_view event, std::initializer_list<Field> fields = {}) {
  Write(Level::kWarning, event, fields);
}
inline void Failure(std::string_view event, std::initializer_list<Field> fields = {}) {
  Write(Level::kError, event, fields);
}

// In a catch block: an error with what() of the exception, as far as there is memory for it.
void Exception(std::string_view event) noexcept;

// Flushes and closes; called last by main.
void Stop();

}  // namespace rootkeep::log
