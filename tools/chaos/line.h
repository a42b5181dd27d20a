// One line of a scenario, taken apart word by word.
#pragma once

#include <p11-kit/pkcs11.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/result.h"
#include "tools/chaos/functions.h"
#include "tools/chaos/trigger.h"

namespace rootkeep::chaos {

// Each call takes the word it understands; Finish says whether any is left.
class Line {
 public:
  // Words are separated by blanks; from # on it is a comment.
  explicit Line(std::string_view text);

  [[nodiscard]] bool empty() const { return words_.empty(); }

  // The next word; `what` is what the error says is missing.
  Result<std::string> Next(std::string_view what);
  // The value of `name=value`, wherever it is in the line.
  std::optional<std::string> Option(std::string_view name);
  Result<std::optional<std::uint64_t>> Number(std::string_view name);
  // Whether the word is there.
  bool Flag(std::string_view name);
  // nth=, every= or chance=, and times=.
  Result<Trigger> TakeTrigger();
  // INVALID_ARGUMENT when a word is left that nobody took.
  Status Finish() const;

 private:
  std::vector<std::string> words_;
};

// Decimal, or hexadecimal after 0x.
Result<std::uint64_t> ReadNumber(std::string_view text);
// For example 5ms; units ns, us, ms, s. At most an hour.
Result<std::chrono::nanoseconds> ReadTime(std::string_view text);
Result<CK_RV> ReadCode(std::string_view text);
// None for *.
Result<std::optional<Function>> ReadFunction(std::string_view text);
// %20 is a blank.
Result<std::string> ReadText(std::string_view text);
// Octets in hexadecimal.
Result<std::string> ReadHex(std::string_view text);

}  // namespace rootkeep::chaos
