// What holds of every reader of TPM structures, whatever it is given.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "attestation/wire/codec.h"

namespace rootkeep::attestation {

inline void Require(bool condition) {
  if (!condition) std::abort();
}

// Refused for the documented reason, or encodes to itself and is, for libtss2-mu, the same. True when it was taken.
template <typename T>
bool IsReadStrictly(ByteView octets, Result<T> (*parse)(ByteView), std::optional<T> (*tss)(ByteView)) {
  const Result<T> read = parse(octets);
  if (!read.ok()) {
    Require(read.error().code() == Code::kInvalidArgument && read.error().reason() == kReasonStructure);
    return false;
  }
  Require(std::ranges::equal(Encode(*read), octets));
  const std::optional<T> other = tss(octets);
  Require(other.has_value() && *other == *read);
  return true;
}

}  // namespace rootkeep::attestation
