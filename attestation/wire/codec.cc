#include "attestation/wire/codec.h"

#include <fmt/format.h>

#include <algorithm>

namespace rootkeep::attestation {
namespace {

Error Malformed(std::string message) { return InvalidArgument(std::move(message)).WithReason(kReasonStructure); }

}  // namespace

void Writer::Sized(ByteView value) {
  U16(static_cast<std::uint16_t>(value.size()));
  Octets(value);
}

Algorithm Reader::HashAlg() {
  const Algorithm hash = Alg();
  if (!failed() && HashSize(hash) == 0) Fail(fmt::format("{} is no hash function known here", AlgorithmName(hash)));
  return hash;
}

bool Reader::YesNo() {
  const std::uint8_t value = U8();
  if (value > 1) Fail("a truth value is neither 0 nor 1");
  return value == 1;
}

Bytes Reader::Sized(std::size_t most) {
  const std::size_t size = U16();
  if (size > most) Fail(fmt::format("{} octets where at most {} fit", size, most));
  return ToBytes(Take(size));
}

ByteView Reader::Take(std::size_t size) {
  if (failed()) return {};
  if (size > rest_.size()) {
    Fail("it ends too early");
    return {};
  }
  const ByteView taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

void Reader::Fail(std::string_view why) {
  if (!failed()) failure_ = fmt::format("before octet {}: {}", size_ - rest_.size(), why);
}

Status Reader::Finish(std::string_view structure) const {
  if (failed()) return Malformed(fmt::format("{} {}", structure, failure_));
  if (!rest_.empty()) return Malformed(fmt::format("{} octets follow the {}", rest_.size(), structure));
  return Ok();
}

Status CheckCanonical(std::string_view structure, ByteView octets, ByteView again) {
  if (std::ranges::equal(octets, again)) return Ok();
  return Malformed(fmt::format("{} is not in its only encoding", structure));
}

Status CheckSize(std::string_view structure, ByteView octets, std::size_t most) {
  if (octets.size() <= most) return Ok();
  return Malformed(fmt::format("{} of {} octets, at most {} are read", structure, octets.size(), most));
}

}  // namespace rootkeep::attestation
