// Holds a SQLite database's write lock, as a stuck backup or another process would.
#pragma once

#include <sqlite3.h>

#include <cstdlib>
#include <string>

namespace rootkeep::testing {

class DatabaseLock {
 public:
  explicit DatabaseLock(const std::string& path) {
    if (sqlite3_open(path.c_str(), &database_) != SQLITE_OK) std::abort();
    if (sqlite3_exec(database_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) != SQLITE_OK) std::abort();
  }
  ~DatabaseLock() { sqlite3_close(database_); }
  DatabaseLock(const DatabaseLock&) = delete;
  DatabaseLock& operator=(const DatabaseLock&) = delete;

 private:
  sqlite3* database_ = nullptr;
};

}  // namespace rootkeep::testing
