// The header says why these deprecated functions.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "signer/p256/ecdsa.h"

#include <openssl/ec.h>

#include "signer/p256/workspace.h"

namespace rootkeep::p256 {
namespace {

using Group = ossl::Owned<EC_GROUP, EC_GROUP_free>;

constexpr std::size_t kCoordinateOctets = 32;

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
  const bool uncompressed = octets.size() == 2 * kCoordinateOctets + 1 && octets.front() == 0x04;
  return uncompressed && EC_POINT_oct2point(Curve(), point, octets.data(), octets.size(), ctx) == 1;
}

}  // namespace

Verdict VerifyOnce(ByteView point, ByteView digest, ByteView signature) {
  Workspace* work = Workspace::OfThread();
  if (work == nullptr) return Drained(Verdict::kFailed);
  if (!ReadPoint(point, work->key.get(), work->ctx.get())) return Drained(Verdict::kBadKey);
  const Verdict prepared = work->Prepare(digest, signature);
  if (prepared != Verdict::kGood) return Drained(prepared);
  const int done =
      EC_POINT_mul(Curve(), work->sum.get(), work->u1.get(), work->key.get(), work->u2.get(), work->ctx.get());
  return Drained(done == 1 ? Compare(*work) : Verdict::kFailed);
}

Result<FixedKey> FixedKey::Make(ByteView point) {
  Workspace* work = Workspace::OfThread();
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
  Workspace* work = Workspace::OfThread();
  if (work == nullptr) return Drained(Verdict::kFailed);
  const Verdict prepared = work->Prepare(digest, signature);
  if (prepared != Verdict::kGood) return Drained(prepared);
  BN_CTX* ctx = work->ctx.get();
  const bool done = EC_POINT_mul(Curve(), work->part.get(), work->u1.get(), nullptr, nullptr, ctx) == 1 &&
                    EC_POINT_mul(group_.get(), work->key.get(), work->u2.get(), nullptr, nullptr, ctx) == 1 &&
                    EC_POINT_add(Curve(), work->sum.get(), work->part.get(), work->key.get(), ctx) == 1;
  return Drained(done ? Compare(*work) : Verdict::kFailed);
}

}  // namespace rootkeep::p256
