#include "signer/authority/signature_checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace rootkeep {

Result<SignatureChecker> SignatureChecker::Make(PublicKey key, SignatureScheme scheme) {
  if (std::ranges::count(SchemesOf(key.type()), scheme) == 0) {
    return InvalidArgument(
        fmt::format("scheme {} does not fit a key of type {}", SchemeName(scheme), KeyTypeName(key.type())));
  }
  return SignatureChecker(std::move(key), scheme);
}

Status SignatureChecker::Check(ByteView input, ByteView signature) const {
  return key_.Verify(scheme_, input, signature);
}

}  // namespace rootkeep
