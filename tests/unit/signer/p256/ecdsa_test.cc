// Every verdict is OpenSSL's, on random signatures and on those made to meet the rare cases.
#include "signer/p256/ecdsa.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "keystore/base/random.h"
#include "signer/p256/batch.h"
#include "tests/support/matchers.h"
#include "tests/support/p256_case.h"

namespace rootkeep::p256 {
namespace {

using testing::EcdsaSign;
using testing::EcdsaSignature;
using testing::HasCode;
using N = testing::P256Numbers;

// The tables of the last key asked for: making them takes longer than all else here.
const Result<FixedKey>& TablesOf(ByteView point) {
  static Bytes& last = *new Bytes();
  static Result<FixedKey>& key = *new Result<FixedKey>(Internal("none yet"));
  if (!std::ranges::equal(last, point)) {
    last = ToBytes(point);
    key = FixedKey::Make(point);
  }
  return key;
}

// The claim between good ones, in a lane that changes from call to call.
Verdict InABatch(ByteView point, ByteView digest, ByteView signature) {
  static const N::Number& d = *new N::Number(N::Random());
  static const Bytes& good_point = *new Bytes(N::PointOf(d));
  static const Bytes& good_digest = *new Bytes(RandomBytes(32).value());
  static const Bytes& good_signature = *new Bytes(EcdsaSign(d, N::Random(), good_digest));
  static std::size_t turn = 0;
  const std::size_t lane = turn++ % 8;
  std::vector<Claim> claims(8, Claim{good_point, good_digest, good_signature});
  claims[lane] = {point, digest, signature};
  std::vector<Verdict> verdicts(8, Verdict::kFailed);
  VerifyMany(claims, verdicts);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (i == lane) continue;
    EXPECT_EQ(verdicts[i], Verdict::kGood);
  }
  return verdicts[lane];
}

// Holds the checks against OpenSSL's and returns the verdict.
bool Agreed(ByteView point, ByteView digest, ByteView signature) {
  const bool want = testing::OpenSslVerifies(point, digest, signature);
  const Verdict verdict = want ? Verdict::kGood : Verdict::kBad;
  EXPECT_EQ(VerifyOnce(point, digest, signature), verdict) << ToHex(point) << " " << ToHex(signature);
  EXPECT_EQ(InABatch(point, digest, signature), verdict) << ToHex(point) << " " << ToHex(signature);
  const Result<FixedKey>& key = TablesOf(point);
  EXPECT_TRUE(key.ok());
  if (key.ok()) {
    EXPECT_EQ(key->Verify(digest, signature), verdict) << ToHex(point) << " " << ToHex(signature);
  }
  return want;
}

Bytes RandomDigest() { return RandomBytes(32).value(); }

TEST(Ecdsa, RandomSignaturesAreGood) {
  for (int i = 0; i < 100; ++i) {
    const N::Number d = N::Random();
    const Bytes digest = RandomDigest();
    EXPECT_TRUE(Agreed(N::PointOf(d), digest, EcdsaSign(d, N::Random(), digest)));
  }
}

TEST(Ecdsa, OneKeyManySignatures) {
  const N::Number d = N::Random();
  const Bytes point = N::PointOf(d);
  ASSERT_OK_AND_ASSIGN(const FixedKey key, FixedKey::Make(point));
  for (int i = 0; i < 1000; ++i) {
    Bytes digest = RandomDigest();
    const Bytes signature = EcdsaSign(d, N::Random(), digest);
    ASSERT_EQ(key.Verify(digest, signature), Verdict::kGood);
    ASSERT_EQ(VerifyOnce(point, digest, signature), Verdict::kGood);
    digest[static_cast<std::size_t>(i) % 32] ^= static_cast<std::uint8_t>(1 << i % 8);
    ASSERT_EQ(key.Verify(digest, signature), Verdict::kBad);
    ASSERT_EQ(VerifyOnce(point, digest, signature), Verdict::kBad);
  }
}

TEST(Ecdsa, EveryChangedBitOfASignature) {
  const N::Number d = N::Random();
  const Bytes point = N::PointOf(d);
  const Bytes digest = RandomDigest();
  const Bytes signature = EcdsaSign(d, N::Random(), digest);
  for (std::size_t at = 0; at < signature.size() * 8; ++at) {
    Bytes changed = signature;
    changed[at / 8] ^= static_cast<std::uint8_t>(1 << at % 8);
    EXPECT_FALSE(Agreed(point, digest, changed)) << at;
  }
  for (std::size_t size = 0; size < signature.size(); ++size) {
    EXPECT_FALSE(Agreed(point, digest, ByteView(signature).first(size)));
  }
}

TEST(Ecdsa, NumbersAtTheirBounds) {
  const N::Number d = N::Random();
  const Bytes point = N::PointOf(d);
  const Bytes digest = RandomDigest();
  const N::Number order = N::Order();
  std::vector<N::Number> numbers;
  for (const int offset : {-2, -1, 0, 1}) {
    numbers.emplace_back(BN_dup(order.get()));
    offset < 0 ? BN_sub_word(numbers.back().get(), static_cast<BN_ULONG>(-offset))
               : BN_add_word(numbers.back().get(), static_cast<BN_ULONG>(offset));
  }
  for (const char* hex : {"0", "1", "2", "FFFFFFFF"}) numbers.push_back(N::FromHexText(hex));
  numbers.push_back(N::Prime());
  numbers.push_back(N::FromHexText("1" + std::string(64, '0')));
  for (const N::Number& r : numbers) {
    for (const N::Number& s : numbers) EXPECT_FALSE(Agreed(point, digest, EcdsaSignature(r, s)));
  }
}

TEST(Ecdsa, HighSIsGoodAsOpenSslHasIt) {
  const N::Number d = N::Random();
  const Bytes digest = RandomDigest();
  const N::Number k = N::Random();
  const N::Number zero(BN_new());
  EXPECT_TRUE(Agreed(N::PointOf(d), digest, EcdsaSign(d, k, digest)));
  EXPECT_TRUE(Agreed(N::PointOf(d), digest, EcdsaSign(d, N::Minus(zero, k), digest)));  // s negated, the same r
}

// r is x less the order when x is not below it: one in 2^32 signatures, so the key is made to fit the signature.
TEST(Ecdsa, AbscissaPastTheOrder) {
  N::Number x = N::Order();
  int found = 0;
  for (int i = 0; i < 40; ++i, BN_add_word(x.get(), 1)) {
    const Bytes nonce_point = N::PointAt(x);
    if (nonce_point.empty()) continue;
    const N::Number order = N::Order();
    N::Number r(BN_new());
    BN_sub(r.get(), x.get(), order.get());
    if (BN_is_zero(r.get()) == 1) continue;
    const N::Number s = N::Random();
    const Bytes digest = RandomDigest();
    const N::Number zero(BN_new());
    const N::Number minus_e = N::Minus(zero, N::FromOctets(digest));
    // (s * R - e * G) / r
    const Bytes key = N::Combine(N::Over(minus_e, r), nonce_point, N::Over(s, r));
    EXPECT_TRUE(Agreed(key, digest, EcdsaSignature(r, s)));
    EXPECT_FALSE(Agreed(key, digest, EcdsaSignature(x, s)));
    ++found;
  }
  EXPECT_GT(found, 5);
}

// u1 * G = u2 * Q: the last addition has to double.
TEST(Ecdsa, BothPartsEqual) {
  for (int i = 0; i < 20; ++i) {
    const N::Number d = N::Random();
    const N::Number u1 = N::Random();
    const N::Number two = N::FromHexText("2");
    const Bytes sum = N::PointOf(N::Times(two, u1));
    const N::Number one = N::FromHexText("1");
    const N::Number r = N::Times(N::FromOctets(ByteView(sum).subspan(1, 32)), one);
    const N::Number e = N::Times(r, d);
    EXPECT_TRUE(Agreed(N::PointOf(d), N::Octets(e), EcdsaSignature(r, N::Over(e, u1))));
  }
}

// u1 * G = -u2 * Q: the sum is at infinity and has no abscissa.
TEST(Ecdsa, PartsThatCancel) {
  for (int i = 0; i < 20; ++i) {
    const N::Number d = N::Random();
    const N::Number r = N::Random();
    const N::Number zero(BN_new());
    const N::Number e = N::Minus(zero, N::Times(r, d));
    EXPECT_FALSE(Agreed(N::PointOf(d), N::Octets(e), EcdsaSignature(r, N::Random())));
  }
}

TEST(Ecdsa, SmallNumbersEverywhere) {
  for (int key = 1; key <= 3; ++key) {
    for (int nonce = 1; nonce <= 3; ++nonce) {
      for (int digest = 0; digest <= 3; ++digest) {
        const N::Number d = N::FromHexText(std::to_string(key));
        const N::Number k = N::FromHexText(std::to_string(nonce));
        const Bytes e = N::Octets(N::FromHexText(std::to_string(digest)));
        EXPECT_TRUE(Agreed(N::PointOf(d), e, EcdsaSign(d, k, e)));
      }
    }
  }
}

TEST(Ecdsa, DigestsAtTheirBounds) {
  const N::Number d = N::Random();
  const Bytes point = N::PointOf(d);
  for (const Bytes& digest : {Bytes(32, 0x00), Bytes(32, 0xff), N::Octets(N::Order())}) {
    EXPECT_TRUE(Agreed(point, digest, EcdsaSign(d, N::Random(), digest)));
  }
  Bytes longer = RandomBytes(64).value();  // SHA-512: the first 32 octets count
  EXPECT_TRUE(Agreed(point, longer, EcdsaSign(d, N::Random(), longer)));
  longer.resize(31);
  EXPECT_EQ(VerifyOnce(point, longer, EcdsaSignature(d, d)), Verdict::kBad);
}

TEST(Ecdsa, SignaturesThatAreNotDer) {
  const N::Number d = N::Random();
  const Bytes point = N::PointOf(d);
  const Bytes digest = RandomDigest();
  const Bytes good = EcdsaSign(d, N::Random(), digest);
  Bytes tail = good;
  tail.push_back(0);
  EXPECT_FALSE(Agreed(point, digest, tail));
  Bytes padded = good;  // an INTEGER with a needless zero
  padded.insert(padded.begin() + 4, 0);
  padded[1] = static_cast<std::uint8_t>(padded[1] + 1);
  padded[3] = static_cast<std::uint8_t>(padded[3] + 1);
  if ((good[4] & 0x80) == 0) {
    EXPECT_FALSE(Agreed(point, digest, padded));
  }
  EXPECT_FALSE(Agreed(point, digest, {}));
  EXPECT_FALSE(Agreed(point, digest, FromHex("3006020100020100").value()));
  EXPECT_FALSE(Agreed(point, digest, FromHex("30060201ff0201ff").value()));
  EXPECT_FALSE(Agreed(point, digest, FromHex("308006020101020101").value()));
}

TEST(Ecdsa, PointsThatAreNoKey) {
  Bytes point = N::PointOf(N::Random());
  const Bytes digest = RandomDigest();
  const Bytes signature = EcdsaSignature(N::Random(), N::Random());
  for (const Bytes& bad : {Bytes(), Bytes{0x00}, Bytes(65, 0x04), ToBytes(ByteView(point).first(64))}) {
    EXPECT_EQ(VerifyOnce(bad, digest, signature), Verdict::kBadKey);
    EXPECT_EQ(InABatch(bad, digest, signature), Verdict::kBadKey);
    EXPECT_THAT(FixedKey::Make(bad), HasCode(Code::kInvalidArgument));
  }
  point.back() ^= 1;
  EXPECT_EQ(VerifyOnce(point, digest, signature), Verdict::kBadKey);
  EXPECT_EQ(InABatch(point, digest, signature), Verdict::kBadKey);
  EXPECT_THAT(FixedKey::Make(point), HasCode(Code::kInvalidArgument));
}

TEST(Ecdsa, BatchesOfEverySizeAndMixture) {
  for (std::size_t size = 0; size <= 20; ++size) {
    std::vector<Bytes> points;
    std::vector<Bytes> digests;
    std::vector<Bytes> signatures;
    for (std::size_t i = 0; i < size; ++i) {
      const N::Number d = N::Random();
      points.push_back(N::PointOf(d));
      digests.push_back(RandomDigest());
      signatures.push_back(EcdsaSign(d, N::Random(), digests.back()));
    }
    const std::size_t bad = size == 0 ? 0 : RandomBytes(1).value()[0] % size;
    if (size > 0) digests[bad][31] ^= 1;
    std::vector<Claim> claims;
    for (std::size_t i = 0; i < size; ++i) claims.push_back({points[i], digests[i], signatures[i]});
    std::vector<Verdict> verdicts(size, Verdict::kFailed);
    VerifyMany(claims, verdicts);
    for (std::size_t i = 0; i < size; ++i) {
      EXPECT_EQ(verdicts[i], i == bad ? Verdict::kBad : Verdict::kGood) << size << " " << i;
    }
  }
}

TEST(Ecdsa, ThreadsShareAKey) {
  const N::Number d = N::Random();
  ASSERT_OK_AND_ASSIGN(const FixedKey key, FixedKey::Make(N::PointOf(d)));
  const auto loop = [&](std::uint8_t seed) {
    Bytes digest(32, seed);
    const Bytes signature = EcdsaSign(d, N::Random(), digest);
    for (int i = 0; i < 300; ++i) EXPECT_EQ(key.Verify(digest, signature), Verdict::kGood);
    digest[0] ^= 1;
    for (int i = 0; i < 300; ++i) EXPECT_EQ(key.Verify(digest, signature), Verdict::kBad);
  };
  std::thread first(loop, 1);
  std::thread second(loop, 2);
  loop(3);
  first.join();
  second.join();
}

}  // namespace
}  // namespace rootkeep::p256
