// Why the daemon can or cannot do its work now: one list that health, /readyz and metrics all show.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "keystore/base/mutex.h"

namespace rootkeep {

// Thread-safe. Components report by name; ready means that every component is. Warnings are shown beside them and
// change nothing about that.
class Readiness {
 public:
  struct Component {
    std::string name;
    bool ready = false;
    std::string reason;  // operator's text; empty while ready
    bool warning = false;
  };

  // Called after every change of the overall answer, on the thread that reported.
  using OnChange = std::function<void(bool ready)>;
  void SetOnChange(OnChange on_change);

  // Reports a component; an empty reason means ready.
  void Report(const std::string& component, const std::string& reason);
  // Shows `reason` under this name, until Remove.
  void Warn(const std::string& component, const std::string& reason);
  void Remove(const std::string& component);

  [[nodiscard]] bool ready() const;
  [[nodiscard]] std::vector<Component> All() const;

 private:
  [[nodiscard]] bool Ready() const RK_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, std::string> reasons_ RK_GUARDED_BY(mutex_);
  std::map<std::string, std::string> warnings_ RK_GUARDED_BY(mutex_);
  OnChange on_change_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep
