#include "tools/rootkeep/sandbox/daemon_log.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace rootkeep::cli {
namespace {

LogLine Parse(std::string text) {
  LogLine line{.text = std::move(text)};
  const auto json = nlohmann::json::parse(line.text, nullptr, false);
  if (!json.is_object()) return line;
  for (const auto& [name, value] : json.items()) {
    line.fields[name] = value.is_string() ? value.get<std::string>() : value.dump();
  }
  line.event = line.Field("event");
  return line;
}

}  // namespace

std::string LogLine::Field(const std::string& name) const {
  const auto found = fields.find(name);
  return found == fields.end() ? "" : found->second;
}

DaemonLog::DaemonLog(std::string path) : path_(std::move(path)) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(path_, missing);
  if (!missing) offset_ = size;
}

Result<std::vector<LogLine>> DaemonLog::Next() {
  std::ifstream file(path_, std::ios::binary);
  if (!file) return NotFound("read " + path_);
  file.seekg(static_cast<std::streamoff>(offset_));
  std::vector<LogLine> lines;
  std::string text;
  while (std::getline(file, text) && !file.eof()) {
    offset_ += text.size() + 1;
    lines.push_back(Parse(text));
  }
  return lines;
}

}  // namespace rootkeep::cli
