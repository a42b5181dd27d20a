// The encoding that all structures of TPM 2.0 share: big-endian integers, and octets behind a 16-bit size (TPM2B, Part
// 2 §10.4). One structure has one encoding, and ReadWhole holds its input to that.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "attestation/wire/algorithm.h"
#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep::attestation {

// The reason of every error of this folder's readers: a peer sent octets that are not the structure they should be.
inline constexpr std::string_view kReasonStructure = "tpm_structure";

class Writer {
 public:
  void U8(std::uint8_t value) { Put(value); }
  void U16(std::uint16_t value) { Put(value); }
  void U32(std::uint32_t value) { Put(value); }
  void U64(std::uint64_t value) { Put(value); }
  void Alg(Algorithm value) { Put(static_cast<std::uint16_t>(value)); }
  void Octets(ByteView value) { octets_.insert(octets_.end(), value.begin(), value.end()); }
  // A TPM2B; `value` has fewer than 65536 octets.
  void Sized(ByteView value);

  [[nodiscard]] Bytes Take() { return std::move(octets_); }

 private:
  template <std::unsigned_integral T>
  void Put(T value) {
    for (unsigned shift = 8 * sizeof(T); shift > 0; shift -= 8) {
      octets_.push_back(static_cast<std::uint8_t>(value >> (shift - 8)));
    }
  }

  Bytes octets_;
};

// Reads what a Writer wrote. Whatever does not fit makes it fail for good, and its values are zero or empty from then
// on: ask Finish() once, after the last field. Allocates only for octets that are there. Keeps no copy of its input.
class Reader {
 public:
  explicit Reader(ByteView octets) : rest_(octets), size_(octets.size()) {}

  std::uint8_t U8() { return Get<std::uint8_t>(); }
  std::uint16_t U16() { return Get<std::uint16_t>(); }
  std::uint32_t U32() { return Get<std::uint32_t>(); }
  std::uint64_t U64() { return Get<std::uint64_t>(); }
  Algorithm Alg() { return static_cast<Algorithm>(U16()); }
  // One that HashSize knows; anything else is a failure.
  Algorithm HashAlg();
  // TPMI_YES_NO (Part 2 §9.2): anything but 0 and 1 is a failure.
  bool YesNo();
  // A TPM2B of at most `most` octets.
  Bytes Sized(std::size_t most);
  // Exactly `size` octets.
  ByteView Take(std::size_t size);
  // All that is left.
  Bytes Rest() { return ToBytes(Take(rest_.size())); }

  // The first failure is kept, with the place in the input.
  void Fail(std::string_view why);
  [[nodiscard]] bool failed() const { return !failure_.empty(); }
  // INVALID_ARGUMENT kReasonStructure when something failed or is left over; `structure` is for the text.
  [[nodiscard]] Status Finish(std::string_view structure) const;

 private:
  template <std::unsigned_integral T>
  T Get() {
    std::uint64_t value = 0;
    for (const std::uint8_t octet : Take(sizeof(T))) value = value << 8 | octet;
    return static_cast<T>(value);
  }

  ByteView rest_;
  std::size_t size_;
  std::string failure_;
};

// INVALID_ARGUMENT kReasonStructure unless `octets` are `again`, what their meaning encodes to.
Status CheckCanonical(std::string_view structure, ByteView octets, ByteView again);
// INVALID_ARGUMENT kReasonStructure for more than `most` octets.
Status CheckSize(std::string_view structure, ByteView octets, std::size_t most);

// `octets` as one whole structure: no more than `most` of them, all read, and the only encoding of what they mean. The
// last is asked of every structure here, so that no two inputs pass for the same one whatever a reader overlooks.
template <typename T>
Result<T> ReadWhole(std::string_view structure, ByteView octets, std::size_t most, T (*read)(Reader&),
                    Bytes (*encode)(const T&)) {
  RK_RETURN_IF_ERROR(CheckSize(structure, octets, most));
  Reader reader(octets);
  T value = read(reader);
  RK_RETURN_IF_ERROR(reader.Finish(structure));
  RK_RETURN_IF_ERROR(CheckCanonical(structure, octets, encode(value)));
  return value;
}

}  // namespace rootkeep::attestation
