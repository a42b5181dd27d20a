#include "signer/p256/workspace.h"

#include <optional>

#include "signer/der/reader.h"
#include "signer/p256/inverse.h"

namespace rootkeep::p256 {
namespace {

constexpr std::size_t kScalarOctets = 32;

struct Signature {
  ByteView r;
  ByteView s;
};

// ECDSA-Sig-Value (RFC 3279 §2.2.3) in DER, both numbers positive and of at most 32 octets.
std::optional<Signature> ReadSignature(ByteView der) {
  const std::optional<ByteView> body = der::Only(der, der::kSequence);
  if (!body) return std::nullopt;
  der::Reader reader(*body);
  const std::optional<ByteView> first = reader.Take(der::kInteger);
  const std::optional<ByteView> second = reader.Take(der::kInteger);
  if (!first || !second || !reader.AtEnd()) return std::nullopt;
  const std::optional<ByteView> r = der::UnsignedInteger(*first);
  const std::optional<ByteView> s = der::UnsignedInteger(*second);
  if (!r || !s || r->size() > kScalarOctets || s->size() > kScalarOctets) return std::nullopt;
  return Signature{*r, *s};
}

bool Read(ByteView octets, BIGNUM* out) {
  return BN_bin2bn(octets.data(), static_cast<int>(octets.size()), out) != nullptr;
}

bool IsScalar(const BIGNUM* number, const BIGNUM* order) {
  return BN_is_zero(number) == 0 && BN_cmp(number, order) < 0;
}

}  // namespace

const EC_GROUP* Curve() {
  static const EC_GROUP* const curve = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  return curve;
}

Workspace* Workspace::OfThread() {
  if (Curve() == nullptr) return nullptr;
  static thread_local Workspace workspace;
  return workspace.Ready() ? &workspace : nullptr;
}

// w = 1 / s. The quick inverse is multiplied back; should it ever be wrong, OpenSSL's takes its place.
bool Workspace::Invert(ByteView s_octets, const BIGNUM* order) {
  if (!Read(InverseModOrder(s_octets), w.get())) return false;
  if (BN_mod_mul(t.get(), w.get(), s.get(), order, ctx.get()) != 1) return false;
  return BN_is_one(t.get()) == 1 || BN_mod_inverse(w.get(), s.get(), order, ctx.get()) != nullptr;
}

Verdict Workspace::Prepare(ByteView digest, ByteView signature) {
  const std::optional<Signature> read = ReadSignature(signature);
  if (!read || digest.size() < kScalarOctets) return Verdict::kBad;
  if (!Read(read->r, r.get()) || !Read(read->s, s.get()) || !Read(digest.first(kScalarOctets), e.get())) {
    return Verdict::kFailed;
  }
  const BIGNUM* order = EC_GROUP_get0_order(Curve());
  if (!IsScalar(r.get(), order) || !IsScalar(s.get(), order)) return Verdict::kBad;
  const bool done = Invert(read->s, order) && BN_mod_mul(u1.get(), e.get(), w.get(), order, ctx.get()) == 1 &&
                    BN_mod_mul(u2.get(), r.get(), w.get(), order, ctx.get()) == 1;
  return done ? Verdict::kGood : Verdict::kFailed;
}

}  // namespace rootkeep::p256
