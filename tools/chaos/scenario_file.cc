#include "tools/chaos/scenario_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace rootkeep::chaos {
namespace {

constexpr std::size_t kLimit = 1U << 20U;

bool SameTime(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

}  // namespace

ScenarioFile::Stamp ScenarioFile::StampOf(const struct stat& info) {
  return {.device = info.st_dev,
          .inode = info.st_ino,
          .size = info.st_size,
          .modified = info.st_mtim,
          .changed = info.st_ctim,
          .there = true};
}

bool ScenarioFile::Same(const Stamp& a, const Stamp& b) {
  return a.there == b.there && a.device == b.device && a.inode == b.inode && a.size == b.size &&
         SameTime(a.modified, b.modified) && SameTime(a.changed, b.changed);
}

Result<std::string> ScenarioFile::Read(const std::string& path, Stamp& stamp) {
  struct Closed {
    int fd;
    ~Closed() {
      if (fd >= 0) close(fd);
    }
  };
  const Closed file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) return ErrnoError("open " + path, errno);
  struct stat info{};
  if (fstat(file.fd, &info) != 0) return ErrnoError("fstat " + path, errno);
  stamp = StampOf(info);
  std::string text;
  std::array<char, 4096> block{};
  for (;;) {
    const ssize_t count = read(file.fd, block.data(), block.size());
    if (count < 0) return ErrnoError("read " + path, errno);
    if (count == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(count));
    if (text.size() > kLimit) return InvalidArgument(fmt::format("{} is longer than {} octets", path, kLimit));
  }
}

void ScenarioFile::Follow(const std::string& path) {
  const MutexLock lock(mutex_);
  if (path == path_) return;
  path_ = path;
  stamp_ = {.inode = static_cast<ino_t>(-1)};  // as no file has it
}

ScenarioFile::Look ScenarioFile::Replace(Scenario scenario) {
  error_.reset();
  auto before = std::exchange(active_, std::make_shared<Active>(std::move(scenario)));
  return {.active = active_, .before = std::move(before), .error = {}, .changed = true};
}

ScenarioFile::Look ScenarioFile::Now() {
  const MutexLock lock(mutex_);
  struct stat info{};
  Stamp stamp;
  if (!path_.empty() && stat(path_.c_str(), &info) == 0) {
    stamp = StampOf(info);
  } else if (!path_.empty() && errno != ENOENT) {
    stamp = {.size = errno, .there = true};  // there, and not to be read: Read says why
  }
  if (Same(stamp, stamp_)) return {.active = active_, .before = nullptr, .error = error_};
  stamp_ = stamp;
  if (!stamp.there) return Replace({});
  auto text = Read(path_, stamp_);
  auto scenario = text.ok() ? Scenario::Parse(*text) : Result<Scenario>(std::move(text).error());
  if (scenario.ok()) return Replace(std::move(*scenario));
  error_ = std::move(scenario).error();
  return {.active = active_, .before = nullptr, .error = error_, .changed = true};
}

}  // namespace rootkeep::chaos
