// The scenario file, read again whenever it changes.
#pragma once

#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>

#include "keystore/base/mutex.h"
#include "tools/chaos/active.h"

namespace rootkeep::chaos {

// Thread-safe.
class ScenarioFile {
 public:
  struct Look {
    std::shared_ptr<Active> active;  // what holds now; never null
    std::shared_ptr<Active> before;  // what held until this look, when it ended that
    std::optional<Error> error;      // why the file cannot be used; what held before stays
    bool changed = false;            // since the last look
  };

  // Where to look from now on. Nothing, or no such file: an empty scenario.
  void Follow(const std::string& path);

  Look Now();

 private:
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec modified{};
    timespec changed{};
    bool there = false;
  };

  static Stamp StampOf(const struct stat& info);
  static bool Same(const Stamp& a, const Stamp& b);
  // The file, and the stamp of just that.
  static Result<std::string> Read(const std::string& path, Stamp& stamp);
  Look Replace(Scenario scenario) RK_REQUIRES(mutex_);

  Mutex mutex_;
  std::string path_ RK_GUARDED_BY(mutex_);
  Stamp stamp_ RK_GUARDED_BY(mutex_);
  std::optional<Error> error_ RK_GUARDED_BY(mutex_);
  std::shared_ptr<Active> active_ RK_GUARDED_BY(mutex_) = std::make_shared<Active>(Scenario{});
};

}  // namespace rootkeep::chaos
