#include "tests/support/power_cut_vfs.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <utility>

namespace rootkeep::testing {
namespace {

constexpr std::size_t kSector = 512;

// SQLite's handle of an open file: this, followed by the platform's own.
struct ShimFile {
  sqlite3_file base;
  PowerCutVfs* vfs;
  std::string* path;

  static constexpr std::size_t kSize = (sizeof(sqlite3_file) + 2 * sizeof(void*) + 15) / 16 * 16;
  static ShimFile* From(sqlite3_file* file) { return reinterpret_cast<ShimFile*>(file); }
  static sqlite3_file* Real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + kSize);
  }
};
static_assert(sizeof(ShimFile) <= ShimFile::kSize);

int Close(sqlite3_file* file) {
  delete std::exchange(ShimFile::From(file)->path, nullptr);
  sqlite3_file* real = ShimFile::Real(file);
  return real->pMethods != nullptr ? real->pMethods->xClose(real) : SQLITE_OK;
}

// Hands a call to the platform's file unchanged.
template <auto Method, typename... Args>
int Forward(sqlite3_file* file, Args... args) {
  sqlite3_file* real = ShimFile::Real(file);
  return (real->pMethods->*Method)(real, args...);
}

void Barrier(sqlite3_file* file) {
  sqlite3_file* real = ShimFile::Real(file);
  real->pMethods->xShmBarrier(real);
}

int WriteFile(sqlite3_file* file, const void* octets, int size, sqlite3_int64 offset) {
  const ShimFile* shim = ShimFile::From(file);
  return shim->vfs->Write(*shim->path, ShimFile::Real(file), octets, size, offset);
}

int TruncateFile(sqlite3_file* file, sqlite3_int64 size) {
  const ShimFile* shim = ShimFile::From(file);
  return shim->vfs->Truncate(*shim->path, ShimFile::Real(file), size);
}

int SyncFile(sqlite3_file* file, int /*flags*/) {
  const ShimFile* shim = ShimFile::From(file);
  return shim->vfs->Sync(*shim->path);
}

// Version 2: shared memory for the WAL, no memory-mapped reads.
constexpr sqlite3_io_methods kMethods = {
    2,
    Close,
    Forward<&sqlite3_io_methods::xRead, void*, int, sqlite3_int64>,
    WriteFile,
    TruncateFile,
    SyncFile,
    Forward<&sqlite3_io_methods::xFileSize, sqlite3_int64*>,
    Forward<&sqlite3_io_methods::xLock, int>,
    Forward<&sqlite3_io_methods::xUnlock, int>,
    Forward<&sqlite3_io_methods::xCheckReservedLock, int*>,
    Forward<&sqlite3_io_methods::xFileControl, int, void*>,
    Forward<&sqlite3_io_methods::xSectorSize>,
    Forward<&sqlite3_io_methods::xDeviceCharacteristics>,
    Forward<&sqlite3_io_methods::xShmMap, int, int, int, void volatile**>,
    Forward<&sqlite3_io_methods::xShmLock, int, int, int>,
    Barrier,
    Forward<&sqlite3_io_methods::xShmUnmap, int>,
    nullptr,
    nullptr,
};

PowerCutVfs* Owner(sqlite3_vfs* vfs) { return static_cast<PowerCutVfs*>(vfs->pAppData); }

int OpenFile(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  return Owner(vfs)->Open(path, file, flags, out_flags);
}

int DeleteFile(sqlite3_vfs* vfs, const char* path, int sync_directory) {
  return Owner(vfs)->Delete(path, sync_directory);
}

void Apply(std::string& content, const DiskFile::Change& change, std::size_t octets) {
  const auto offset = static_cast<std::size_t>(change.offset);
  if (change.truncate) {
    content.resize(offset);
    return;
  }
  if (content.size() < offset + octets) content.resize(offset + octets);
  content.replace(offset, octets, change.octets, 0, octets);
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

PowerCutVfs::PowerCutVfs(std::uint64_t seed)
    : name_("power-cut-" + std::to_string(reinterpret_cast<std::uintptr_t>(this))),
      real_(sqlite3_vfs_find(nullptr)),
      vfs_(*real_),
      random_(seed) {
  vfs_.szOsFile = static_cast<int>(ShimFile::kSize) + real_->szOsFile;
  vfs_.pNext = nullptr;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = OpenFile;
  vfs_.xDelete = DeleteFile;
  sqlite3_vfs_register(&vfs_, 0);
}

void PowerCutVfs::MakeDefault() { sqlite3_vfs_register(&vfs_, 1); }

void PowerCutVfs::LieAboutSyncs() {
  const MutexLock lock(mutex_);
  lies_ = true;
}

PowerCutVfs::~PowerCutVfs() { sqlite3_vfs_unregister(&vfs_); }

int PowerCutVfs::Open(const char* path, sqlite3_file* file, int flags, int* out_flags) {
  const MutexLock lock(mutex_);
  file->pMethods = nullptr;
  if (cut_) return SQLITE_CANTOPEN;
  const bool existed = path != nullptr && std::filesystem::exists(path);
  const int opened = real_->xOpen(real_, path, ShimFile::Real(file), flags, out_flags);
  if (opened != SQLITE_OK) return opened;
  auto* shim = ShimFile::From(file);
  shim->vfs = this;
  shim->path = new std::string(path != nullptr ? path : "");
  file->pMethods = &kMethods;
  // What lay there before this VFS came is taken for synced.
  const auto known = files_.find(*shim->path);
  if (known == files_.end() || known->second.removed) {
    DiskFile fresh{.exists = existed, .removed = false, .synced = existed ? ReadAll(*shim->path) : ""};
    if (known != files_.end()) fresh.before = known->second.synced;
    files_[*shim->path] = std::move(fresh);
  }
  return SQLITE_OK;
}

int PowerCutVfs::Delete(const char* path, int sync_directory) {
  const MutexLock lock(mutex_);
  if (Refusal(SQLITE_OK)) return SQLITE_IOERR_DELETE;
  if (cut_ || lies_ || sync_directory == 0) {
    if (const auto file = files_.find(path); file != files_.end()) file->second.removed = true;
  } else {
    files_.erase(path);
    SyncDirectory();
  }
  return cut_ ? SQLITE_IOERR_DELETE : real_->xDelete(real_, path, sync_directory);
}

std::optional<int> PowerCutVfs::Refusal(int fault) {
  if (cut_) return SQLITE_IOERR;
  if (fault != SQLITE_OK) return fault;
  if (operations_left_ && --*operations_left_ == 0) cut_ = true;
  return std::nullopt;
}

int PowerCutVfs::Write(const std::string& path, sqlite3_file* real, const void* octets, int size,
                       sqlite3_int64 offset) {
  const MutexLock lock(mutex_);
  if (const auto refusal = Refusal(write_fault_)) return *refusal;
  // A write that the cut interrupts may still have reached the disk.
  files_[path].unsynced.push_back(
      {offset, std::string(static_cast<const char*>(octets), static_cast<std::size_t>(size)), false});
  return cut_ ? SQLITE_IOERR_WRITE : real->pMethods->xWrite(real, octets, size, offset);
}

int PowerCutVfs::Truncate(const std::string& path, sqlite3_file* real, sqlite3_int64 size) {
  const MutexLock lock(mutex_);
  if (const auto refusal = Refusal(write_fault_)) return *refusal;
  files_[path].unsynced.push_back({size, "", true});
  return cut_ ? SQLITE_IOERR_TRUNCATE : real->pMethods->xTruncate(real, size);
}

int PowerCutVfs::Sync(const std::string& path) {
  const MutexLock lock(mutex_);
  if (const auto refusal = Refusal(sync_fault_)) return *refusal;
  if (cut_) return SQLITE_IOERR_FSYNC;
  if (lies_) return SQLITE_OK;
  DiskFile& file = files_[path];
  for (const auto& change : file.unsynced) Apply(file.synced, change, change.octets.size());
  file.unsynced.clear();
  const bool new_journal = !file.exists && (path.ends_with("-journal") || path.ends_with("-wal"));
  file.exists = true;
  if (new_journal) SyncDirectory();
  return SQLITE_OK;
}

void PowerCutVfs::SyncDirectory() {
  std::erase_if(files_, [](const auto& entry) { return entry.second.removed; });
  for (auto& [path, file] : files_) {
    file.exists = true;
    file.before.reset();
  }
}

void PowerCutVfs::CutAfter(std::uint64_t operations) {
  const MutexLock lock(mutex_);
  operations_left_ = operations;
}

bool PowerCutVfs::is_cut() {
  const MutexLock lock(mutex_);
  return cut_;
}

void PowerCutVfs::FailWrites(int result) {
  const MutexLock lock(mutex_);
  write_fault_ = result;
}

void PowerCutVfs::FailSyncs(int result) {
  const MutexLock lock(mutex_);
  sync_fault_ = result;
}

std::size_t PowerCutVfs::unsynced_changes() {
  const MutexLock lock(mutex_);
  std::size_t count = 0;
  for (const auto& [path, file] : files_) count += file.removed ? 0 : file.unsynced.size();
  return count;
}

std::string PowerCutVfs::Surviving(const DiskFile& file) {
  enum { kNone, kAll, kFirst, kAny, kModes };
  const auto mode = random_() % kModes;
  const std::size_t first = file.unsynced.empty() ? 0 : random_() % (file.unsynced.size() + 1);
  std::string content = file.synced;
  for (std::size_t i = 0; i < file.unsynced.size(); ++i) {
    const auto& change = file.unsynced[i];
    const bool kept = mode == kAll || (mode == kFirst && i <= first) || (mode == kAny && random_() % 2 == 0);
    if (!kept) continue;
    std::size_t octets = change.octets.size();
    const bool last = i + 1 == file.unsynced.size() || (mode == kFirst && i == first);
    if (last && octets > kSector) octets = random_() % (octets / kSector + 1) * kSector;
    Apply(content, change, octets);
  }
  return content;
}

void PowerCutVfs::Restore() {
  const MutexLock lock(mutex_);
  std::error_code ignored;
  for (auto it = files_.begin(); it != files_.end();) {
    auto& [path, file] = *it;
    std::filesystem::remove(path + "-shm", ignored);
    // A name whose directory entry nobody synced may be gone, and one whose removal nobody synced may be back.
    const bool lost = (!file.exists || file.removed) && random_() % 2 == 0;
    if (lost && !file.before) {
      std::filesystem::remove(path, ignored);
      it = files_.erase(it);
      continue;
    }
    std::string content = lost ? *file.before : Surviving(file);
    file = {.exists = true, .synced = std::move(content)};
    std::ofstream(path, std::ios::binary | std::ios::trunc) << file.synced;
    ++it;
  }
  cut_ = false;
  operations_left_.reset();
}

}  // namespace rootkeep::testing
