// ECDSA over P-256: all of our checks give OpenSSL's verdict, whatever the digest and the signature.
//
// Input: which key and what order (1 octet), what to do (1), nonce (32), digest (32), then octets that are laid over a
// good signature or, with bit 0 of "what to do", taken for the signature as they are. With bit 1 the number of octets
// of a point (1) and those stand before them, and take the place of the key's. The other bits add to the order.
//
// What is checked together is that claim among others whose verdicts are known, so that none gets another's.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "signer/p256/batch.h"
#include "signer/p256/ecdsa.h"
#include "tests/support/p256_case.h"

namespace {

using rootkeep::Bytes;
using rootkeep::ByteView;
using rootkeep::p256::Claim;
using rootkeep::p256::FixedKey;
using rootkeep::p256::Verdict;
using N = rootkeep::testing::P256Numbers;

struct Key {
  N::Number d;
  Bytes point;
  FixedKey tables;
};

Key MakeKey(const char* hex) {
  N::Number d = N::FromHexText(hex);
  Bytes point = N::PointOf(d);
  FixedKey tables = FixedKey::Make(point).value();
  return {std::move(d), std::move(point), std::move(tables)};
}

constexpr unsigned kKeys = 3;

const Key& KeyOf(unsigned choice) {
  static const std::array<Key, kKeys>& keys = *new std::array<Key, kKeys>{
      MakeKey("1"), MakeKey("2"), MakeKey("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")};
  return keys[choice % kKeys];
}

// A claim that owns its octets, and its verdict.
struct Judged {
  Bytes point, digest, signature;
  Verdict verdict = Verdict::kBad;
};

Judged Good(unsigned key, std::uint8_t fill) {
  const Bytes digest(32, fill);
  const Bytes signature = rootkeep::testing::EcdsaSign(KeyOf(key).d, N::FromHexText("5eed"), digest);
  return {KeyOf(key).point, digest, signature, Verdict::kGood};
}

// Good, bad, good again and by no key.
const std::array<Judged, 4>& Known() {
  static const std::array<Judged, 4>& known = *[] {
    auto* made = new std::array<Judged, 4>{Good(0, 1), Good(1, 2), Good(2, 3), Good(2, 4)};
    (*made)[1].digest.back() ^= 1;
    (*made)[1].verdict = Verdict::kBad;
    (*made)[3].point.back() ^= 1;
    (*made)[3].verdict = Verdict::kBadKey;
    return made;
  }();
  return known;
}

// OpenSSL's verdict; only points that are not compressed are keys.
Verdict Judge(ByteView point, ByteView digest, ByteView signature) {
  const bool uncompressed = point.size() == 65 && point.front() == 0x04;
  if (!uncompressed || !rootkeep::testing::OpenSslReadsPoint(point)) return Verdict::kBadKey;
  return rootkeep::testing::OpenSslVerifies(point, digest, signature) ? Verdict::kGood : Verdict::kBad;
}

// All of them, up to three times over so that one group is not enough, in an order for each number.
std::vector<const Judged*> InOrder(const Judged& fuzzed, unsigned order) {
  std::vector<const Judged*> left;
  for (unsigned times = 1 + order % 3; times > 0; --times) {
    left.push_back(&fuzzed);
    for (const Judged& known : Known()) left.push_back(&known);
  }
  order /= 3;
  std::vector<const Judged*> claims;
  while (!left.empty()) {
    const auto next = left.begin() + static_cast<std::ptrdiff_t>(order % left.size());
    order /= static_cast<unsigned>(left.size());
    claims.push_back(*next);
    left.erase(next);
  }
  return claims;
}

Bytes SignatureFrom(const Key& key, bool raw, ByteView nonce, ByteView digest, ByteView rest) {
  if (raw) return rootkeep::ToBytes(rest);
  N::Number k = N::Times(N::FromOctets(nonce), N::FromHexText("1"));
  if (BN_is_zero(k.get()) == 1) k = N::FromHexText("1");
  Bytes signature = rootkeep::testing::EcdsaSign(key.d, k, digest);
  const std::size_t size = std::min(signature.size(), rest.size());
  for (std::size_t i = 0; i < size; ++i) signature[i] ^= rest[i];
  return signature;
}

void Require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void CheckTogether(const Judged& fuzzed, unsigned order) {
  const std::vector<const Judged*> in_order = InOrder(fuzzed, order);
  std::vector<Claim> claims;
  claims.reserve(in_order.size());
  for (const Judged* one : in_order) claims.push_back({one->point, one->digest, one->signature});
  std::vector<Verdict> verdicts(claims.size(), Verdict::kFailed);
  rootkeep::p256::VerifyMany(claims, verdicts);
  for (std::size_t i = 0; i < claims.size(); ++i) {
    Require(verdicts[i] == in_order[i]->verdict, "VerifyMany differs from ECDSA_verify");
  }
}

void SayOnceWhetherLanesAreOn() {
  static const int said =
      std::fprintf(stderr, "lanes: %s\n", rootkeep::p256::BestBatch() > 1 ? "on" : "off: this processor has none");
  Require(said > 0, "standard error is closed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  SayOnceWhetherLanesAreOn();
  const ByteView input(data, size);
  if (size < 66) return 0;
  const unsigned mode = input[1];
  const bool raw_signature = (mode & 1U) != 0;
  const bool own_point = (mode & 2U) == 0;
  const Key& key = KeyOf(input[0]);
  const ByteView digest = input.subspan(34, 32);
  ByteView rest = input.subspan(66);
  Judged fuzzed{.point = key.point, .digest = rootkeep::ToBytes(digest), .signature = {}};
  if (!own_point) {
    const std::size_t octets = rest.empty() ? 0 : std::min<std::size_t>(rest.front(), rest.size() - 1);
    fuzzed.point = rootkeep::ToBytes(rest.subspan(rest.empty() ? 0 : 1, octets));
    rest = rest.subspan(rest.empty() ? 0 : 1 + octets);
  }
  fuzzed.signature = SignatureFrom(key, raw_signature, input.subspan(2, 32), digest, rest);
  fuzzed.verdict = Judge(fuzzed.point, digest, fuzzed.signature);
  Require(rootkeep::p256::VerifyOnce(fuzzed.point, digest, fuzzed.signature) == fuzzed.verdict,
          "VerifyOnce differs from ECDSA_verify");
  CheckTogether(fuzzed, input[0] / kKeys + 86 * (mode / 4));
  if (own_point) {
    Require(key.tables.Verify(digest, fuzzed.signature) == fuzzed.verdict, "FixedKey differs from ECDSA_verify");
  }
  return 0;
}
