// The state directory (keystore/NAMES.md): everything Rootkeep keeps on a CA node, for one daemon at a time.
#pragma once

#include <string>

#include "keystore/base/file.h"
#include "keystore/base/result.h"

namespace rootkeep::store {

// <state>/version       "1"; a newer one is refused
// <state>/lock          held by flock while a daemon runs, with its process id inside
// <state>/rootkeep.db   the daemon's database
// <state>/keys.db       keystore/catalog/catalog.h
// <state>/authorities/  signer/authority/authority_files.h
// <state>/pins/         keystore/pkcs11/pin_latch.h
//
// Mode 0700 and owned by this process's user or root, or it is refused (FAILED_PRECONDITION, reason "state_mode").
// A version this program does not know is FAILED_PRECONDITION with reason "state_newer" or "state_version".
class StateDir {
 public:
  // For the daemon: as Prepare, and takes the lock until this object goes. FAILED_PRECONDITION with reason
  // "state_locked", naming the process, when another holds it.
  static Result<StateDir> Open(const std::string& path);

  // For tools that write beside the daemon: makes the directory (its parent must exist) and its version where they are
  // missing. A directory with other content and no version is FAILED_PRECONDITION with reason "state_foreign".
  static Result<StateDir> Prepare(const std::string& path);

  // For tools that only look: takes no lock, writes nothing. NOT_FOUND when there is none.
  static Result<StateDir> Look(const std::string& path);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string database_path() const { return path_ + "/rootkeep.db"; }
  [[nodiscard]] std::string key_catalog_path() const { return path_ + "/keys.db"; }

 private:
  explicit StateDir(std::string path) : path_(std::move(path)) {}

  std::string path_;
  Fd lock_;
};

// Where it is on record which tokens refused their PIN.
inline std::string PinDirectory(const std::string& state) { return state + "/pins"; }

}  // namespace rootkeep::store
