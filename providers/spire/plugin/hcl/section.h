// Values of a block by name and type; whatever nobody asked for is refused.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "keystore/base/result.h"
#include "providers/spire/plugin/hcl/value.h"

namespace rootkeep::spire::hcl {

// Not thread-safe. `Get...` gives none for a key that is absent, INVALID_ARGUMENT with line and column for a value of
// another type. No error repeats a value.
class Section {
 public:
  explicit Section(Object members) : members_(std::move(members)) {}

  Result<std::optional<std::string>> GetText(std::string_view key);  // not empty
  Result<std::optional<std::int64_t>> GetInteger(std::string_view key);
  Result<std::optional<bool>> GetBool(std::string_view key);
  // A whole number and a unit, h, m, s or ms, in quotes: "30s". At most 100 days.
  Result<std::optional<std::chrono::milliseconds>> GetDuration(std::string_view key);

  // INVALID_ARGUMENT for the first key that was not asked for; names those that were.
  [[nodiscard]] Status RefuseUnknown() const;

 private:
  const Value* Find(std::string_view key);

  Object members_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace rootkeep::spire::hcl
