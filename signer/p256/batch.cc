#include "signer/p256/batch.h"

#include <algorithm>
#include <array>

#include "signer/p256/lanes/lanes.h"
#include "signer/p256/workspace.h"

namespace rootkeep::p256 {
namespace {

using lanes::Equation;

// With fewer the lanes that idle cost more than OpenSSL's checks, one after the other.
constexpr std::size_t kWorthwhile = 2;

constexpr std::size_t kOctets = 32;

bool Write(const BIGNUM* number, Equation::Octets& out) { return BN_bn2binpad(number, out.data(), kOctets) >= 0; }

// False when there is nothing to compute: VerifyOnce says why.
bool Set(const Claim& claim, Equation& out) {
  Workspace* work = Workspace::OfThread();
  const bool uncompressed = claim.point.size() == 2 * kOctets + 1 && claim.point.front() == 0x04;
  if (work == nullptr || !uncompressed || work->Prepare(claim.digest, claim.signature) != Verdict::kGood) return false;
  std::ranges::copy(claim.point.subspan(1, kOctets), out.x.begin());
  std::ranges::copy(claim.point.subspan(1 + kOctets), out.y.begin());
  return Write(work->u1.get(), out.u1) && Write(work->u2.get(), out.u2) && Write(work->r.get(), out.r);
}

// The claims, lanes::kMostAtOnce at most, that hold; of the others nothing is known.
std::array<bool, lanes::kMostAtOnce> GoodByLanes(std::span<const Claim> claims) {
  std::array<bool, lanes::kMostAtOnce> good{};
  if (!lanes::Available()) return good;
  std::array<Equation, lanes::kMostAtOnce> equations;
  std::array<std::size_t, lanes::kMostAtOnce> of;
  std::size_t count = 0;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    if (Set(claims[i], equations[count])) of[count++] = i;
  }
  if (count < kWorthwhile) return good;
  const unsigned bits = lanes::Holding(std::span(equations).first(count));
  for (std::size_t i = 0; i < count; ++i) good[of[i]] = (bits >> i & 1U) == 1U;
  return good;
}

}  // namespace

std::size_t BestBatch() { return lanes::Available() ? lanes::kMostAtOnce : 1; }

// The lanes only ever say yes; every other verdict is OpenSSL's.
void VerifyMany(std::span<const Claim> claims, std::span<Verdict> verdicts) {
  for (std::size_t begin = 0; begin < claims.size(); begin += lanes::kMostAtOnce) {
    const auto group = claims.subspan(begin, std::min(lanes::kMostAtOnce, claims.size() - begin));
    const auto good = GoodByLanes(group);
    for (std::size_t i = 0; i < group.size(); ++i) {
      const Claim& claim = group[i];
      verdicts[begin + i] = good[i] ? Verdict::kGood : VerifyOnce(claim.point, claim.digest, claim.signature);
    }
  }
}

}  // namespace rootkeep::p256
