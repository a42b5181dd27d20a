// A SQLite VFS over the platform's whose power a test can cut, and whose disk it can fill.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "keystore/base/mutex.h"

namespace rootkeep::testing {

// What one file holds for certain, and what was written since its last sync.
struct DiskFile {
  struct Change {
    std::int64_t offset = 0;
    std::string octets;
    bool truncate = false;  // to `offset`; otherwise `octets` written there
  };

  bool exists = false;   // whether its name survives a cut for certain
  bool removed = false;  // but nobody synced the directory: a cut may bring it back
  std::string synced;
  std::optional<std::string> before;  // the removed file of that name, which a cut may bring back instead
  std::vector<Change> unsynced;
};

// Files are also written through at once, so that every connection sees what it would see; locks and shared memory are
// the platform's. Only Restore makes the difference. Thread-safe; connections by name() see one disk.
//
// A cut leaves of each file what was synced and, as a disk with a cache may, none, all, the first or any of the changes
// after that, the last of them torn at 512 octets. A file that was removed without a sync of the directory after it may
// be there again, also in place of a new one that took its name. As SQLite does it, the directory is synced with the
// first sync of a new journal, and with a removal that asks for it; the disk is one directory.
class PowerCutVfs {
 public:
  explicit PowerCutVfs(std::uint64_t seed);
  // No connection may be open.
  ~PowerCutVfs();
  PowerCutVfs(const PowerCutVfs&) = delete;
  PowerCutVfs& operator=(const PowerCutVfs&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

  // For code that opens databases without naming a VFS; until this object goes.
  void MakeDefault();

  // From now on syncs answer well and do nothing, of directories too.
  void LieAboutSyncs();

  // Cuts in the middle of the nth write, sync, truncation or removal from now; it and all later ones fail.
  void CutAfter(std::uint64_t operations);
  [[nodiscard]] bool is_cut();
  // Turns the power on again with what the disk kept. No connection may be open.
  void Restore();

  // From now on every write, or every sync, ends with this SQLite result; SQLITE_OK ends that.
  void FailWrites(int result);
  void FailSyncs(int result);

  // Changes of all files that a cut could lose now.
  [[nodiscard]] std::size_t unsynced_changes();

  // For the SQLite callbacks.
  int Open(const char* path, sqlite3_file* file, int flags, int* out_flags);
  int Delete(const char* path, int sync_directory);
  int Write(const std::string& path, sqlite3_file* real, const void* octets, int size, sqlite3_int64 offset);
  int Truncate(const std::string& path, sqlite3_file* real, sqlite3_int64 size);
  int Sync(const std::string& path);

 private:
  void SyncDirectory() RK_REQUIRES(mutex_);
  // What an operation ends with instead of being done; counts down to the cut.
  std::optional<int> Refusal(int fault) RK_REQUIRES(mutex_);
  std::string Surviving(const DiskFile& file) RK_REQUIRES(mutex_);

  const std::string name_;
  sqlite3_vfs* const real_;
  sqlite3_vfs vfs_;

  Mutex mutex_;
  std::mt19937_64 random_ RK_GUARDED_BY(mutex_);
  std::map<std::string, DiskFile> files_ RK_GUARDED_BY(mutex_);
  std::optional<std::uint64_t> operations_left_ RK_GUARDED_BY(mutex_);
  bool cut_ RK_GUARDED_BY(mutex_) = false;
  bool lies_ RK_GUARDED_BY(mutex_) = false;
  int write_fault_ RK_GUARDED_BY(mutex_) = SQLITE_OK;
  int sync_fault_ RK_GUARDED_BY(mutex_) = SQLITE_OK;
};

}  // namespace rootkeep::testing
