#include "signer/policy/placement_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "keystore/base/clock.h"
#include "keystore/base/file.h"
#include "keystore/base/guard.h"
#include "keystore/base/log.h"

namespace rootkeep {
namespace {

constexpr std::string_view kBlanks = " \t\r";

// Cuts the first field, and the blanks around it, from `line`.
std::string_view TakeField(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view field = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(field.size());
  return field;
}

std::string Entry(std::string_view cluster, std::string_view node, std::string_view workload) {
  return fmt::format("{} {} {}", cluster, node, workload);
}

// An empty text for a line that says nothing.
Result<std::string> ParseLine(std::string_view line) {
  const std::string_view cluster = TakeField(line);
  if (cluster.empty() || cluster.starts_with('#')) return std::string();
  const std::string_view node = TakeField(line);
  const std::string_view workload = TakeField(line);
  if (workload.empty() || !TakeField(line).empty()) {
    return InvalidArgument("expected three fields: cluster, node, identity");
  }
  RK_RETURN_IF_ERROR(ParseSpiffeId(workload));
  return Entry(cluster, node, workload);
}

Result<PlacementEntries> Load(const std::string& path) {
  RK_TRY(const std::string text, ReadGuardedFile(path, kMaxPlacementFile));
  Result<PlacementEntries> entries = ParsePlacement(text);
  if (!entries.ok()) return std::move(entries).error().Within(path);
  return entries;
}

}  // namespace

Result<PlacementEntries> ParsePlacement(std::string_view text) {
  PlacementEntries entries;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) {
      return InvalidArgument(fmt::format("line {}: the last line does not end with a line break", number));
    }
    Result<std::string> entry = ParseLine(text.substr(0, end));
    if (!entry.ok()) return std::move(entry).error().Within(fmt::format("line {}", number));
    if (!entry->empty()) entries.insert(*std::move(entry));
    text.remove_prefix(end + 1);
  }
  return entries;
}

std::shared_ptr<PlacementFile> PlacementFile::Open(std::string path, std::chrono::milliseconds poll) {
  std::shared_ptr<PlacementFile> file(new PlacementFile(std::move(path)));
  (void)file->Reload();  // logged there, and kept for LastLoad
  PlacementFile* const self = file.get();
  file->watcher_ = std::thread([self, poll] { self->Watch(poll); });
  return file;
}

PlacementFile::~PlacementFile() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  stopped_.NotifyAll();
  if (watcher_.joinable()) watcher_.join();
}

Result<bool> PlacementFile::RunsOn(const SpiffeId& workload, const NodeRef& where) const {
  std::shared_ptr<const PlacementEntries> entries;
  {
    const MutexLock lock(mutex_);
    entries = entries_;
  }
  if (entries == nullptr) return Unavailable("placement file was never read").WithReason("placement_absent");
  return entries->contains(Entry(where.cluster, where.node, workload.ToUri()));
}

Status PlacementFile::Reload() {
  const Version version = Stat();
  Result<PlacementEntries> loaded = Load(path_);
  const Status status = loaded.ok() ? Ok() : Status(loaded.error());
  if (status.ok()) {
    log::Info("placement_loaded", {{"path", path_}, {"entries", loaded->size()}});
  } else {
    log::Failure("placement_load_failed", {{"path", path_}, {"error", status.error().ToString()}});
  }
  const MutexLock lock(mutex_);
  version_ = version;
  last_load_ = status;
  if (status.ok()) entries_ = std::make_shared<const PlacementEntries>(*std::move(loaded));
  return status;
}

Status PlacementFile::LastLoad() const {
  const MutexLock lock(mutex_);
  return last_load_;
}

std::size_t PlacementFile::size() const {
  const MutexLock lock(mutex_);
  return entries_ == nullptr ? 0 : entries_->size();
}

PlacementFile::Version PlacementFile::Stat() const {
  struct stat info{};
  if (stat(path_.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec};
}

void PlacementFile::Watch(std::chrono::milliseconds poll) {
  for (;;) {
    {
      const MutexLock lock(mutex_);
      const Deadline next = After(poll);
      while (!stopping_ && stopped_.WaitUntil(mutex_, next)) {
      }
      if (stopping_) return;
    }
    const Version now = Stat();
    {
      const MutexLock lock(mutex_);
      if (now == version_) continue;
    }
    RunGuarded("placement_exception", [this] { (void)Reload(); });
  }
}

}  // namespace rootkeep
