// ECDSA over P-256: all of our checks give OpenSSL's verdict, whatever the digest and the signature.
//
// Input: which key (1 octet), what to do (1), nonce (32), digest (32), then octets that are laid over a good signature
// (even "what to do") or taken for the signature as they are (odd).
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

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

const Key& KeyOf(std::uint8_t choice) {
  static const std::array<Key, 3>& keys = *new std::array<Key, 3>{
      MakeKey("1"), MakeKey("2"), MakeKey("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")};
  return keys[choice % keys.size()];
}

Bytes SignatureFrom(const Key& key, std::uint8_t mode, ByteView nonce, ByteView digest, ByteView rest) {
  if (mode % 2 == 1) return rootkeep::ToBytes(rest);
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  if (size < 66) return 0;
  const Key& key = KeyOf(input[0]);
  const ByteView digest = input.subspan(34, 32);
  const Bytes signature = SignatureFrom(key, input[1], input.subspan(2, 32), digest, input.subspan(66));
  const Verdict want =
      rootkeep::testing::OpenSslVerifies(key.point, digest, signature) ? Verdict::kGood : Verdict::kBad;
  Require(rootkeep::p256::VerifyOnce(key.point, digest, signature) == want, "VerifyOnce differs from ECDSA_verify");
  const Claim claim{key.point, digest, signature};
  const std::array<Claim, 2> claims{claim, claim};
  std::array<Verdict, 2> verdicts{};
  rootkeep::p256::VerifyMany(claims, verdicts);
  Require(verdicts[0] == want && verdicts[1] == want, "VerifyMany differs from ECDSA_verify");
  Require(key.tables.Verify(digest, signature) == want, "FixedKey differs from ECDSA_verify");
  return 0;
}
