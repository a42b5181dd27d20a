// Writes DER from the outside in; lengths are filled in as each constructed value closes.
#pragma once

#include "keystore/base/bytes.h"
#include "signer/der/reader.h"

namespace rootkeep::der {

// Not thread-safe. Contents of 2^24 octets and more are not for this writer: its callers bound their input long before.
class Writer {
 public:
  Writer() { out_.reserve(1024); }

  // One element around whatever `inside` writes.
  template <typename Inside>
  void Nested(std::uint8_t tag, Inside inside) {
    const std::size_t start = Open(tag);
    inside();
    Close(start);
  }
  template <typename Inside>
  void Sequence(Inside inside) {
    Nested(kSequence, inside);
  }

  // One element with these contents.
  void Primitive(std::uint8_t tag, ByteView content);
  void Text(std::uint8_t tag, std::string_view text) { Primitive(tag, AsBytes(text)); }
  void Oid(ByteView content) { Primitive(kOid, content); }
  void Null() { Primitive(kNull, {}); }
  void True();
  // A small INTEGER.
  void Integer(std::uint32_t value);
  // A BIT STRING of whole octets.
  void BitString(ByteView octets);
  // Octets as they are: one or more finished elements.
  void Raw(ByteView octets) { out_.insert(out_.end(), octets.begin(), octets.end()); }

  [[nodiscard]] Bytes Finish() && { return std::move(out_); }

 private:
  std::size_t Open(std::uint8_t tag);
  void Close(std::size_t start);
  void Header(std::uint8_t tag, std::size_t size);

  Bytes out_;
};

// The contents of the INTEGER whose magnitude is `octets`, big-endian: no needless leading zeros, never negative.
Bytes UnsignedContents(ByteView octets);

}  // namespace rootkeep::der
