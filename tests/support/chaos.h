// The fault-injecting module (tools/chaos) in front of a real one: its scenario, and what it says it did.
#pragma once

#include <ios>
#include <map>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace rootkeep::testing {

class Chaos {
 public:
  // A field's name to its value; numbers as they are written.
  using Event = std::map<std::string, std::string>;

  // The module in the build tree.
  static std::string ModulePath();

  // Its environment, for a process that is to load it in front of `real_module`.
  [[nodiscard]] std::map<std::string, std::string> Environment(const std::string& real_module) const;

  // Holds from the module's next call on. Replaces the scenario before.
  void Set(const std::string& scenario) const;
  // Only forwarding.
  void Clear() const;

  // The lines of its log.
  [[nodiscard]] std::vector<Event> Log() const;
  // Those from `offset` on, unparsed, which is set behind the last of them: for whoever looks often.
  [[nodiscard]] std::vector<std::string> LinesFrom(std::streamoff& offset) const;
  // Those about this fault.
  [[nodiscard]] std::vector<Event> Faults(const std::string& fault) const;

 private:
  TempDir directory_;
  const std::string scenario_ = directory_ / "scenario";
  const std::string log_ = directory_ / "log";
};

}  // namespace rootkeep::testing
