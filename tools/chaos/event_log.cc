#include "tools/chaos/event_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "keystore/base/clock.h"
#include "keystore/base/json_text.h"

namespace rootkeep::chaos {

EventLog::~EventLog() {
  if (fd_ >= 0) close(fd_);
}

Status EventLog::Open(const std::string& path) {
  const MutexLock lock(mutex_);
  if (path == path_) return Ok();
  int fd = -1;
  if (!path.empty()) {
    fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return ErrnoError("open " + path, errno);
  }
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
  path_ = path;
  return Ok();
}

void EventLog::Write(std::string_view event, const std::vector<Field>& fields) {
  std::string line = fmt::format(R"({{"time":"{}","pid":{},"thread":{},"event":)",
                                 ToRfc3339Micros(std::chrono::system_clock::now()), getpid(), syscall(SYS_gettid));
  AppendJsonString(line, event);
  for (const Field& field : fields) {
    line.push_back(',');
    AppendJsonString(line, field.key);
    line.push_back(':');
    if (field.bare) {
      line += field.text;
    } else {
      AppendJsonString(line, field.text);
    }
  }
  line += "}\n";
  const MutexLock lock(mutex_);
  if (fd_ < 0) return;
  // A line that could not be written whole would only be torn by a second attempt.
  [[maybe_unused]] const ssize_t written = write(fd_, line.data(), line.size());
}

}  // namespace rootkeep::chaos
