// Fixed-width fields and length-prefixed octets, as they stand in a message. Integers are little endian: both ends are
// the same program's, on the same machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "keystore/base/bytes.h"

namespace rootkeep::isolated {

// Octets of a text, where nothing else is said.
inline constexpr std::size_t kMostText = 4096;

class Writer {
 public:
  void U8(std::uint8_t value) { bytes_.push_back(value); }
  void U32(std::uint32_t value);
  void U64(std::uint64_t value);
  // Four octets of length, then the octets.
  void Blob(ByteView value);
  void Text(std::string_view value) { Blob(AsBytes(value)); }
  void Bool(bool value) { U8(value ? 1 : 0); }

  [[nodiscard]] Bytes Take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

// Reads what a Writer wrote. Whatever does not fit makes it fail for good, and its values are zero or empty from then
// on: test ok() once, after the last field. Keeps no copy of what it reads.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  std::uint8_t U8();
  std::uint32_t U32();
  std::uint64_t U64();
  // Longer than `most` is a failure.
  Bytes Blob(std::size_t most);
  std::string Text(std::size_t most = kMostText);
  // Anything but 0 and 1 is a failure.
  bool Bool();
  // An enumerator's number, at most `last`; anything else is a failure and gives 0.
  std::uint8_t Choice(std::uint8_t last);

  void Fail() { failed_ = true; }
  [[nodiscard]] bool failed() const { return failed_; }
  // Everything was read and nothing is left over.
  [[nodiscard]] bool ok() const { return !failed_ && rest_.empty(); }

 private:
  ByteView Take(std::size_t size);

  ByteView rest_;
  bool failed_ = false;
};

}  // namespace rootkeep::isolated
