// Where it is told what was found out about tokens, key sockets and keys, beside the log.
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/result.h"

namespace rootkeep {

class HardwareReports {
 public:
  HardwareReports() = default;
  HardwareReports(const HardwareReports&) = delete;
  HardwareReports& operator=(const HardwareReports&) = delete;
  virtual ~HardwareReports() = default;

  // Whether a token or key socket answered just now; `component` is what people read.
  virtual void Answered(const std::string& name, const std::string& component, const Status& status) = 0;
  // Shows a warning under the component's name, until Remove.
  virtual void Warn(const std::string& component, const std::string& reason) = 0;
  virtual void Remove(const std::string& component) = 0;
  // `state` is a KeyStateName, or "UNCATALOGUED" for keys in the token that have no row.
  virtual void SetKeys(const std::string& token, std::string_view state, std::size_t count) = 0;
  virtual void SetKeyCatalogueReadable(bool readable) = 0;
};

}  // namespace rootkeep
