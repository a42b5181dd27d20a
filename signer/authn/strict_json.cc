#include "signer/authn/strict_json.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace rootkeep::jose {
namespace {

using nlohmann::json;

// Sees every token before a value is built: nlohmann's own tree keeps the last of two members.
class Screen final : public nlohmann::json_sax<json> {
 public:
  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t value) override {
    return value <= std::numeric_limits<std::int64_t>::max() || Refuse("a number does not fit 64 bits");
  }
  bool number_float(number_float_t value, const string_t& text) override {
    if (!std::isfinite(value)) return Refuse("a number is not finite");
    // An integer too long for 64 bits arrives here, rounded.
    return text.find_first_of(".eE") != string_t::npos || Refuse("a number does not fit 64 bits");
  }
  bool string(string_t& value) override { return CheckText(value); }
  bool binary(binary_t& /*value*/) override { return Refuse("binary values are no JSON"); }
  bool start_object(std::size_t /*size*/) override { return Enter(); }
  bool end_object() override { return Leave(); }
  bool start_array(std::size_t /*size*/) override { return Enter(); }
  bool end_array() override { return Leave(); }
  bool key(string_t& name) override {
    if (!CheckText(name)) return false;
    if (names_.back().insert(name).second) return true;
    return Refuse("a member name comes twice in one object", "json_duplicate_member");
  }
  bool parse_error(std::size_t position, const std::string& /*token*/, const json::exception& /*error*/) override {
    return Refuse(fmt::format("no valid JSON at octet {}", position));
  }

  [[nodiscard]] Error TakeError() && {
    return error_ ? std::move(*error_) : InvalidArgument("no valid JSON").WithReason("json_malformed");
  }

 private:
  bool Refuse(std::string message, std::string_view reason = "json_malformed") {
    if (!error_) error_ = InvalidArgument(std::move(message)).WithReason(reason);
    return false;
  }
  bool CheckText(const std::string& text) {
    return text.find('\0') == std::string::npos || Refuse("a string holds a NUL character");
  }
  bool Enter() {
    if (names_.size() >= kMaxJsonDepth) return Refuse(fmt::format("nested deeper than {} levels", kMaxJsonDepth));
    names_.emplace_back();
    return true;
  }
  bool Leave() {
    names_.pop_back();
    return true;
  }

  std::vector<std::set<std::string>> names_;  // of every open object; an array has an empty one
  std::optional<Error> error_;
};

}  // namespace

Result<json> ParseStrictJson(std::string_view text) {
  // nlohmann takes NUL for the end of the text and skips a byte order mark.
  if (text.find('\0') != std::string_view::npos || text.starts_with("\xEF\xBB\xBF")) {
    return InvalidArgument("a NUL character or a byte order mark in JSON").WithReason("json_malformed");
  }
  Screen screen;
  if (!json::sax_parse(text.begin(), text.end(), &screen)) return std::move(screen).TakeError();
  json value = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) return InvalidArgument("not a JSON object").WithReason("json_malformed");
  return value;
}

}  // namespace rootkeep::jose
