// Fields as they stand in a message: little-endian integers, and octets with their length in front.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace rootkeep::keysocket {

using Octets = std::span<const std::uint8_t>;

inline Octets OctetsOf(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view TextOf(Octets octets) noexcept {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

// Writes into memory of the caller's. What does not fit makes it fail for good.
class FieldWriter {
 public:
  explicit FieldWriter(std::span<std::uint8_t> out) noexcept : out_(out) {}

  template <typename T>
  void Number(T value) noexcept {
    std::uint8_t octets[sizeof(T)];
    for (std::size_t i = 0; i < sizeof(T); ++i) octets[i] = static_cast<std::uint8_t>(value >> (8 * i));
    Raw(octets);
  }
  void Raw(Octets octets) noexcept {
    if (octets.size() > out_.size() - size_) failed_ = true;
    if (failed_) return;
    if (!octets.empty()) std::memcpy(out_.data() + size_, octets.data(), octets.size());
    size_ += octets.size();
  }
  // Two octets of length; longer than `most` is a failure.
  void Blob(Octets octets, std::size_t most) noexcept {
    if (octets.size() > most) failed_ = true;
    Number(static_cast<std::uint16_t>(octets.size()));
    Raw(octets);
  }
  void Text(std::string_view text, std::size_t most) noexcept { Blob(OctetsOf(text), most); }

  // What was written, 0 after a failure.
  [[nodiscard]] std::size_t size() const noexcept { return failed_ ? 0 : size_; }

 private:
  std::span<std::uint8_t> out_;
  std::size_t size_ = 0;
  bool failed_ = false;
};

// Reads what a FieldWriter wrote; views point into the message. Whatever does not fit makes it fail for good, and its
// values are zero or empty from then on: test ok() once, after the last field.
class FieldReader {
 public:
  explicit FieldReader(Octets message) noexcept : rest_(message) {}

  template <typename T>
  T Number() noexcept {
    const Octets octets = Raw(sizeof(T));
    T value = 0;
    for (std::size_t i = 0; i < octets.size(); ++i) value = static_cast<T>(value | T{octets[i]} << (8 * i));
    return value;
  }
  Octets Raw(std::size_t size) noexcept {
    if (size > rest_.size()) failed_ = true;
    if (failed_) return {};
    const Octets taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  Octets Blob(std::size_t most) noexcept {
    const auto size = Number<std::uint16_t>();
    if (size > most) failed_ = true;
    return Raw(size);
  }
  std::string_view Text(std::size_t most) noexcept { return TextOf(Blob(most)); }
  // A number from `first` to `last`; anything else is a failure, and `first`.
  template <typename T>
  T Choice(T first, T last) noexcept {
    const auto value = Number<std::uint8_t>();
    if (value < static_cast<std::uint8_t>(first) || value > static_cast<std::uint8_t>(last)) failed_ = true;
    return failed_ ? first : static_cast<T>(value);
  }
  bool Bool() noexcept { return Choice<std::uint8_t>(0, 1) == 1; }
  // Octets that a later version may give a meaning.
  void Zeros(std::size_t count) noexcept {
    for (const std::uint8_t octet : Raw(count)) failed_ = failed_ || octet != 0;
  }

  void Fail() noexcept { failed_ = true; }
  // Everything was read and nothing is left over.
  [[nodiscard]] bool ok() const noexcept { return !failed_ && rest_.empty(); }

 private:
  Octets rest_;
  bool failed_ = false;
};

}  // namespace rootkeep::keysocket
