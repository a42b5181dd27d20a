// Text of a bounded length without allocation.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace rootkeep::provider {

// At most kMost octets and a zero behind them.
template <std::size_t kMost>
class FixedText {
 public:
  FixedText() noexcept = default;

  // False, and empty, when it is too long.
  [[nodiscard]] bool Set(std::string_view text) noexcept {
    size_ = text.size() <= kMost ? text.size() : 0;
    std::copy_n(text.begin(), size_, text_.begin());
    text_[size_] = '\0';
    return size_ == text.size();
  }
  [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }
  [[nodiscard]] const char* c_str() const noexcept { return text_.data(); }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

 private:
  std::array<char, kMost + 1> text_{};
  std::size_t size_ = 0;
};

// Letters of ASCII compared without their case.
inline bool EqualsIgnoringCase(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace rootkeep::provider
