#include "keystore/isolated/wire/codec.h"

namespace rootkeep::isolated {
namespace {

template <typename T>
void PutLittleEndian(T value, Bytes& out) {
  for (unsigned shift = 0; shift < 8 * sizeof(T); shift += 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

template <typename T>
T LittleEndian(ByteView octets) {
  T value = 0;
  unsigned shift = 0;
  for (const std::uint8_t octet : octets) {
    value |= T{octet} << shift;
    shift += 8;
  }
  return value;
}

}  // namespace

void Writer::U32(std::uint32_t value) { PutLittleEndian(value, bytes_); }

void Writer::U64(std::uint64_t value) { PutLittleEndian(value, bytes_); }

void Writer::Blob(ByteView value) {
  U32(static_cast<std::uint32_t>(value.size()));
  bytes_.insert(bytes_.end(), value.begin(), value.end());
}

ByteView Reader::Take(std::size_t size) {
  if (failed_ || size > rest_.size()) {
    failed_ = true;
    return {};
  }
  const ByteView taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

std::uint8_t Reader::U8() {
  const ByteView taken = Take(1);
  return taken.empty() ? std::uint8_t{0} : taken.front();
}

std::uint32_t Reader::U32() { return LittleEndian<std::uint32_t>(Take(sizeof(std::uint32_t))); }

std::uint64_t Reader::U64() { return LittleEndian<std::uint64_t>(Take(sizeof(std::uint64_t))); }

Bytes Reader::Blob(std::size_t most) {
  const std::uint32_t size = U32();
  if (size > most) Fail();
  return ToBytes(Take(size));
}

std::string Reader::Text(std::size_t most) {
  const Bytes text = Blob(most);
  return std::string(AsText(text));
}

bool Reader::Bool() { return Choice(1) == 1; }

std::uint8_t Reader::Choice(std::uint8_t last) {
  const std::uint8_t value = U8();
  if (value > last) Fail();
  return failed_ ? std::uint8_t{0} : value;
}

}  // namespace rootkeep::isolated
