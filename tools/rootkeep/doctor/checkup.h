// What doctor found, told as it goes: a line a step, with a hint when the step failed.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "keystore/base/result.h"

namespace rootkeep::cli {

enum class Outcome : std::uint8_t { kOk, kWarning, kFailed, kNotTried };

// "ok", "warning", "FAILED", "not tried".
std::string_view OutcomeName(Outcome outcome);

struct Finding {
  Outcome outcome = Outcome::kOk;
  std::string step;     // "log in"
  std::string subject;  // what it was about: a token's name, a path
  std::string detail;
  std::string hint;
};

class Checkup {
 public:
  // `tell` is called with each finding when it is made.
  explicit Checkup(std::function<void(const Finding&)> tell) : tell_(std::move(tell)) {}

  // Whether the step went well. `detail` is shown then; otherwise the error with its hint.
  bool Step(const std::string& step, const std::string& subject, const Status& status, const std::string& detail = "");
  template <typename T>
  bool Step(const std::string& step, const std::string& subject, const Result<T>& result,
            const std::string& detail = "") {
    return Step(step, subject, result.ok() ? Ok() : Status(result.error()), detail);
  }
  void Warn(const std::string& step, const std::string& subject, const std::string& detail);
  // A step that needs one that failed.
  void NotTried(const std::string& step, const std::string& subject);

  // The number of steps that failed.
  [[nodiscard]] std::size_t failed() const { return failed_; }
  [[nodiscard]] nlohmann::ordered_json ToJson() const;

 private:
  void Add(Finding finding);

  std::function<void(const Finding&)> tell_;
  std::vector<Finding> findings_;
  std::size_t failed_ = 0;
};

// One finding as it stands on a terminal; the hint is a second line.
std::string FindingText(const Finding& finding);

}  // namespace rootkeep::cli
