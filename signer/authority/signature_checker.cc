#include "signer/authority/signature_checker.h"

#include <fmt/format.h>

#include <algorithm>

#include "signer/csr/subject_key.h"

namespace rootkeep {
namespace {

// Tables for a P-256 key; nothing where there are none to be had, and the library checks alone.
std::optional<p256::FixedKey> TablesFor(const PublicKey& key) {
  const Result<SubjectKey> parsed = ParseSubjectKey(key.spki());
  if (!parsed.ok() || parsed->kind != SubjectKeyKind::kEcP256) return std::nullopt;
  Result<p256::FixedKey> fixed = p256::FixedKey::Make(parsed->point);
  if (!fixed.ok()) return std::nullopt;
  return std::move(*fixed);
}

}  // namespace

Result<SignatureChecker> SignatureChecker::Make(PublicKey key, SignatureScheme scheme) {
  if (std::ranges::count(SchemesOf(key.type()), scheme) == 0) {
    return InvalidArgument(
        fmt::format("scheme {} does not fit a key of type {}", SchemeName(scheme), KeyTypeName(key.type())));
  }
  std::optional<p256::FixedKey> fixed = TablesFor(key);
  return SignatureChecker(std::move(key), scheme, std::move(fixed));
}

Status SignatureChecker::Check(ByteView input, ByteView signature) const {
  if (fixed_ && input.size() == HashSize(SchemeHash(scheme_)) &&
      fixed_->Verify(input, signature) == p256::Verdict::kGood) {
    return Ok();
  }
  return key_.Verify(scheme_, input, signature);  // refusals are the library's to give
}

}  // namespace rootkeep
