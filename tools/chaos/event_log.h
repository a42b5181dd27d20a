// What was injected, for a test to hold the outcome against: one JSON object a line, appended to a file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/log.h"
#include "keystore/base/mutex.h"
#include "keystore/base/result.h"

namespace rootkeep::chaos {

using Field = log::Field;

// Each line is one write to a file opened for appending, so processes may share a file, and nothing is lost in a crash.
// Thread-safe.
class EventLog {
 public:
  EventLog() = default;
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;
  ~EventLog();

  // An empty path ends logging.
  Status Open(const std::string& path);

  void Write(std::string_view event, const std::vector<Field>& fields);

 private:
  Mutex mutex_;
  std::string path_ RK_GUARDED_BY(mutex_);
  int fd_ RK_GUARDED_BY(mutex_) = -1;
};

}  // namespace rootkeep::chaos
