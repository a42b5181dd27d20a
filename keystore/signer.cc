#include "keystore/signer.h"

#include <fmt/format.h>

#include <algorithm>

namespace rootkeep {

Status CheckSignInput(KeyType type, SignatureScheme scheme, ByteView input) {
  const auto& schemes = SchemesOf(type);
  if (std::ranges::find(schemes, scheme) == schemes.end()) {
    return InvalidArgument(
        fmt::format("scheme {} does not fit a key of type {}", SchemeName(scheme), KeyTypeName(type)));
  }
  const std::size_t want = HashSize(SchemeHash(scheme));
  if (want != 0 && input.size() != want) {
    return InvalidArgument(
        fmt::format("got a digest of {} octets, want {} for {}", input.size(), want, SchemeName(scheme)));
  }
  if (input.size() > kMaxSignInput) {
    return InvalidArgument(fmt::format("got a message of {} octets, want at most {}", input.size(), kMaxSignInput));
  }
  return Ok();
}

Error AsSignerError(Error error) {
  switch (error.code()) {
    case Code::kUnavailable:
    case Code::kResourceExhausted:
    case Code::kFailedPrecondition:
    case Code::kDataLoss: return error;
    case Code::kNotFound: return std::move(error).WithCode(Code::kUnavailable).WithReason("key_missing");
    default: return std::move(error).WithCode(Code::kInternal);
  }
}

}  // namespace rootkeep
