#include "tools/chaos/event_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <ctime>
#include <iterator>

namespace rootkeep::chaos {
namespace {

void AppendQuoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (octet < 0x20 || octet >= 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", octet);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

// RFC 3339 with microseconds.
std::string Now() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count() % 1'000'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, micros);
}

}  // namespace

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
  std::string line =
      fmt::format(R"({{"time":"{}","pid":{},"thread":{},"event":)", Now(), getpid(), syscall(SYS_gettid));
  AppendQuoted(line, event);
  for (const Field& field : fields) {
    line.push_back(',');
    AppendQuoted(line, field.key);
    line.push_back(':');
    if (field.bare) {
      line += field.text;
    } else {
      AppendQuoted(line, field.text);
    }
  }
  line += "}\n";
  const MutexLock lock(mutex_);
  if (fd_ < 0) return;
  // A line that could not be written whole would only be torn by a second attempt.
  [[maybe_unused]] const ssize_t written = write(fd_, line.data(), line.size());
}

}  // namespace rootkeep::chaos
