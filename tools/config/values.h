// Single values of the configuration: each function checks one field and gives the value to use, after a problem too.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "tools/config/section.h"

namespace rootkeep::config {

struct DurationRange {
  std::chrono::seconds least;
  std::chrono::seconds most;
};

// Must not be empty.
std::string RequiredText(const Section& section, std::string_view field, const std::string& value);

// What things are called here: 1 to 64 of a-z, 0-9, dot and dash, starting with a letter or digit. Required.
std::string Name(const Section& section, std::string_view field, const std::string& value);

// An absolute path, or empty.
std::string OptionalPath(const Section& section, std::string_view field, const std::string& value);
std::string RequiredPath(const Section& section, std::string_view field, const std::string& value);

// Of a Unix socket: an absolute path that unix(7) has room for.
std::string SocketPath(const Section& section, std::string_view field, const std::string& value);

// A file's, in octal and in quotes, at most 0666; `fallback` when not given.
mode_t FileMode(const Section& section, std::string_view field, const std::string& text, mode_t fallback);

// `fallback` when not given.
std::chrono::seconds Duration(const Section& section, std::string_view field, const std::string& value,
                              std::chrono::seconds fallback, DurationRange range);

// One of `known`, what `what` says in messages; when not given, the only one there is.
std::string Reference(const Section& section, std::string_view field, const std::string& value,
                      const std::vector<std::string>& known, std::string_view what);

// Complains about every element of the list `field` whose `key` has a value that an earlier one has.
void CheckUnique(const Section& section, std::string_view field, std::string_view key,
                 const std::vector<std::string>& values);

}  // namespace rootkeep::config
