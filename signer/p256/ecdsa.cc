// The header says why these deprecated functions.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "signer/p256/ecdsa.h"

#include <openssl/ec.h>

#include <algorithm>
#include <optional>

#include "signer/der/reader.h"
#include "signer/p256/inverse.h"

namespace rootkeep::p256 {
namespace {

using Group = ossl::Owned<EC_GROUP, EC_GROUP_free>;
using Point = ossl::Owned<EC_POINT, EC_POINT_free>;
using BnCtx = ossl::Owned<BN_CTX, BN_CTX_free>;
using ossl::BigNum;

constexpr std::size_t kScalarOctets = 32;

// P-256 with OpenSSL's own generator and tables; lives as long as the program.
const EC_GROUP* Curve() {
  static const EC_GROUP* const curve = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  return curve;
}

// What a check works in. One a thread, because making it costs as much as a multiplication of numbers.
struct Workspace {
  BnCtx ctx{BN_CTX_new()};
  BigNum r{BN_new()}, s{BN_new()}, e{BN_new()}, w{BN_new()}, u1{BN_new()}, u2{BN_new()}, t{BN_new()}, x{BN_new()},
      z{BN_new()};
  Point sum{EC_POINT_new(Curve())}, part{EC_POINT_new(Curve())}, key{EC_POINT_new(Curve())};

  [[nodiscard]] bool Ready() const { return ctx && r && s && e && w && u1 && u2 && t && x && z && sum && part && key; }
};

Workspace* ThisThreads() {
  if (Curve() == nullptr) return nullptr;
  static thread_local Workspace workspace;
  return workspace.Ready() ? &workspace : nullptr;
}

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

// w = 1 / s. The quick inverse is multiplied back; should it ever be wrong, OpenSSL's takes its place.
bool Invert(Workspace& work, ByteView s, const BIGNUM* order) {
  if (!Read(InverseModOrder(s), work.w.get())) return false;
  if (BN_mod_mul(work.t.get(), work.w.get(), work.s.get(), order, work.ctx.get()) != 1) return false;
  return BN_is_one(work.t.get()) == 1 || BN_mod_inverse(work.w.get(), work.s.get(), order, work.ctx.get()) != nullptr;
}

// Steps 1 to 4: u1 = e / s and u2 = r / s modulo the order.
Verdict Prepare(Workspace& work, ByteView digest, ByteView der) {
  const std::optional<Signature> signature = ReadSignature(der);
  if (!signature || digest.size() < kScalarOctets) return Verdict::kBad;
  if (!Read(signature->r, work.r.get()) || !Read(signature->s, work.s.get()) ||
      !Read(digest.first(kScalarOctets), work.e.get())) {
    return Verdict::kFailed;
  }
  const BIGNUM* order = EC_GROUP_get0_order(Curve());
  if (!IsScalar(work.r.get(), order) || !IsScalar(work.s.get(), order)) return Verdict::kBad;
  const bool done = Invert(work, signature->s, order) &&
                    BN_mod_mul(work.u1.get(), work.e.get(), work.w.get(), order, work.ctx.get()) == 1 &&
                    BN_mod_mul(work.u2.get(), work.r.get(), work.w.get(), order, work.ctx.get()) == 1;
  return done ? Verdict::kGood : Verdict::kFailed;
}

// Whether `candidate` * z^2 = x in the field, which spares the inverse that x / z^2 would need.
Verdict IsAbscissa(Workspace& work, const BIGNUM* candidate, const BIGNUM* field) {
  if (BN_mod_mul(work.t.get(), candidate, work.z.get(), field, work.ctx.get()) != 1) return Verdict::kFailed;
  return BN_cmp(work.t.get(), work.x.get()) == 0 ? Verdict::kGood : Verdict::kBad;
}

// Steps 5 to 7: work.sum is not at infinity, and its x modulo the order is r: x is r, or r + order where that is still
// in the field.
Verdict Compare(Workspace& work) {
  const EC_GROUP* curve = Curve();
  const BIGNUM* field = EC_GROUP_get0_field(curve);
  if (EC_POINT_is_at_infinity(curve, work.sum.get()) == 1) return Verdict::kBad;
  if (EC_POINT_get_Jprojective_coordinates_GFp(curve, work.sum.get(), work.x.get(), nullptr, work.z.get(),
                                               work.ctx.get()) != 1 ||
      BN_mod_sqr(work.z.get(), work.z.get(), field, work.ctx.get()) != 1) {
    return Verdict::kFailed;
  }
  const Verdict verdict = IsAbscissa(work, work.r.get(), field);
  if (verdict != Verdict::kBad) return verdict;
  if (BN_add(work.r.get(), work.r.get(), EC_GROUP_get0_order(curve)) != 1) return Verdict::kFailed;
  return BN_cmp(work.r.get(), field) < 0 ? IsAbscissa(work, work.r.get(), field) : Verdict::kBad;
}

Verdict Drained(Verdict verdict) {
  if (verdict != Verdict::kGood) ossl::ClearErrors();
  return verdict;
}

bool ReadPoint(ByteView octets, EC_POINT* point, BN_CTX* ctx) {
  const bool uncompressed = octets.size() == 2 * kScalarOctets + 1 && octets.front() == 0x04;
  return uncompressed && EC_POINT_oct2point(Curve(), point, octets.data(), octets.size(), ctx) == 1;
}

}  // namespace

Verdict VerifyOnce(ByteView point, ByteView digest, ByteView signature) {
  Workspace* work = ThisThreads();
  if (work == nullptr) return Drained(Verdict::kFailed);
  if (!ReadPoint(point, work->key.get(), work->ctx.get())) return Drained(Verdict::kBadKey);
  const Verdict prepared = Prepare(*work, digest, signature);
  if (prepared != Verdict::kGood) return Drained(prepared);
  const int done =
      EC_POINT_mul(Curve(), work->sum.get(), work->u1.get(), work->key.get(), work->u2.get(), work->ctx.get());
  return Drained(done == 1 ? Compare(*work) : Verdict::kFailed);
}

Result<FixedKey> FixedKey::Make(ByteView point) {
  Workspace* work = ThisThreads();
  if (work == nullptr) return ossl::TakeError(Code::kInternal, "EC_GROUP_new_by_curve_name");
  if (!ReadPoint(point, work->key.get(), work->ctx.get())) {
    return ossl::TakeError(Code::kInvalidArgument, "EC_POINT_oct2point");
  }
  Group group(EC_GROUP_dup(Curve()));
  if (group == nullptr ||
      EC_GROUP_set_generator(group.get(), work->key.get(), EC_GROUP_get0_order(Curve()), BN_value_one()) != 1 ||
      EC_GROUP_precompute_mult(group.get(), work->ctx.get()) != 1) {
    return ossl::TakeError(Code::kInternal, "EC_GROUP_precompute_mult");
  }
  return FixedKey(std::shared_ptr<const EC_GROUP>(group.release(), EC_GROUP_free));
}

Verdict FixedKey::Verify(ByteView digest, ByteView signature) const {
  Workspace* work = ThisThreads();
  if (work == nullptr) return Drained(Verdict::kFailed);
  const Verdict prepared = Prepare(*work, digest, signature);
  if (prepared != Verdict::kGood) return Drained(prepared);
  BN_CTX* ctx = work->ctx.get();
  const bool done = EC_POINT_mul(Curve(), work->part.get(), work->u1.get(), nullptr, nullptr, ctx) == 1 &&
                    EC_POINT_mul(group_.get(), work->key.get(), work->u2.get(), nullptr, nullptr, ctx) == 1 &&
                    EC_POINT_add(Curve(), work->sum.get(), work->part.get(), work->key.get(), ctx) == 1;
  return Drained(done ? Compare(*work) : Verdict::kFailed);
}

}  // namespace rootkeep::p256
