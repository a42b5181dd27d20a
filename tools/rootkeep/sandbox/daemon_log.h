// rootkeepd's log as it grows.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "keystore/base/result.h"

namespace rootkeep::cli {

// One line. Fields that are no text are given as JSON writes them.
struct LogLine {
  std::string event;  // empty when the line is not one of the log's own
  std::map<std::string, std::string> fields;
  std::string text;  // the whole line

  // Empty when there is no such field.
  [[nodiscard]] std::string Field(const std::string& name) const;
};

class DaemonLog {
 public:
  // Begins at the present end of the file, which need not be there yet.
  explicit DaemonLog(std::string path);

  // Whole lines that were appended since.
  Result<std::vector<LogLine>> Next();

 private:
  std::string path_;
  std::uint64_t offset_ = 0;
};

}  // namespace rootkeep::cli
