#include "signer/bundle/jwt_key.h"

#include "keystore/public_key.h"
#include "tests/unit/signer/bundle/bundle_fixture.h"

namespace rootkeep {
namespace {

using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::kDomain;
using testing::kTestNow;
using testing::SeedRoot;
using testing::TestHierarchy;

// BER: the outer length with one octet more than it needs.
Bytes WithLongLength(Bytes spki) {
  const bool is_short = spki[1] < 0x80;
  if (is_short) {
    spki.insert(spki.begin() + 1, 0x81);
  } else {
    spki.insert(spki.begin() + 2, 0x00);
    ++spki[1];
  }
  return spki;
}

// 2048 bits: the algorithm identifier (RFC 3279 §2.3.1) without its parameters, which are the octets 17 and 18.
Bytes WithoutNull(Bytes spki) {
  spki.erase(spki.begin() + 17, spki.begin() + 19);
  spki[3] -= 2;
  spki[5] -= 2;
  return spki;
}

// From an uncompressed point, which has `point` octets (SEC 1 §2.3.3).
Bytes Compressed(Bytes spki, std::size_t point) {
  const auto half = static_cast<std::uint8_t>((point - 1) / 2);
  const std::size_t start = spki.size() - point;
  spki[start] = 2 + (spki.back() & 1);
  spki.resize(spki.size() - half);
  spki[1] -= half;
  spki[start - 2] -= half;
  return spki;
}

Bytes Hybrid(Bytes spki, std::size_t point) {
  spki[spki.size() - point] = 6 + (spki.back() & 1);
  return spki;
}

// The same key, as OpenSSL reads it too.
std::vector<Bytes> OtherEncodings(const std::string& type, const Bytes& spki) {
  std::vector<Bytes> out{WithLongLength(spki)};
  if (type.starts_with("RSA")) out.push_back(WithoutNull(spki));
  if (type.starts_with("P-")) {
    const std::size_t point = type == "P-256" ? 65 : 97;
    out.push_back(Compressed(spki, point));
    out.push_back(Hybrid(spki, point));
  }
  return out;
}

class JwtKeyTest : public testing::BundleTest {
 protected:
  void SetUp() override {
    BundleTest::SetUp();
    ASSERT_THAT(Seed({SeedRoot(ca_.root_der)}), IsOk());
  }
  Result<BundlePtr> Publish(const JwtKey& key) { return bundles_->PublishJwtKey(kDomain, key, "spire-a"); }
};

TEST_F(JwtKeyTest, IsInTheAnswerAndThereAfterARestart) {
  const JwtKey a = KeyOf("a", kTestNow + 60);
  const JwtKey b = KeyOf("b");
  ASSERT_THAT(Publish(a), IsOk());
  ASSERT_OK_AND_ASSIGN(const BundlePtr bundle, Publish(b));
  EXPECT_THAT(bundle->jwt_keys, ElementsAre(a, b));
  EXPECT_EQ(bundle->sequence, 3U);
  Reopen();
  EXPECT_EQ(*bundles_->Current(kDomain), *bundle);
  EXPECT_EQ(bundles_->History(kDomain, 1).value().front().by, "spire-a");
}

TEST_F(JwtKeyTest, TheSameAgainChangesNothing) {
  const JwtKey a = KeyOf("a", kTestNow + 60);
  ASSERT_OK_AND_ASSIGN(const BundlePtr first, Publish(a));
  JwtKey later = a;
  later.expires_at += 60;
  ASSERT_OK_AND_ASSIGN(const BundlePtr second, Publish(later));
  EXPECT_EQ(first, second);
}

TEST_F(JwtKeyTest, AnIdIsOneKeys) {
  ASSERT_THAT(Publish(KeyOf("a")), IsOk());
  EXPECT_THAT(Publish(KeyOf("a")), HasReason("jwt_key_id"));
  EXPECT_THAT(Publish(KeyOf("a")), HasCode(Code::kAlreadyExists));
  EXPECT_EQ(bundles_->Current(kDomain)->jwt_keys.size(), 1U);
}

TEST_F(JwtKeyTest, GoesWhenItExpires) {
  ASSERT_THAT(Publish(KeyOf("short", kTestNow + 10)), IsOk());
  ASSERT_THAT(Publish(KeyOf("long", kTestNow + 20)), IsOk());
  clock_.Advance(std::chrono::seconds(9));
  ASSERT_THAT(bundles_->DropExpired(), IsOk());
  EXPECT_EQ(bundles_->Current(kDomain)->jwt_keys.size(), 2U);
  clock_.Advance(std::chrono::seconds(1));
  ASSERT_THAT(bundles_->DropExpired(), IsOk());
  EXPECT_EQ(bundles_->Current(kDomain)->jwt_keys.front().key_id, "long");
  EXPECT_EQ(bundles_->Current(kDomain)->sequence, 4U);
  // Its id is free again, and whoever publishes finds no expired one in the answer.
  clock_.Advance(std::chrono::seconds(10));
  ASSERT_OK_AND_ASSIGN(const BundlePtr bundle, Publish(KeyOf("short")));
  ASSERT_EQ(bundle->jwt_keys.size(), 1U);
  EXPECT_EQ(bundle->jwt_keys.front().key_id, "short");
}

TEST_F(JwtKeyTest, OneThatExpiredWhileTheDaemonWasDownIsNotServed) {
  ASSERT_THAT(Publish(KeyOf("a", kTestNow + 10)), IsOk());
  clock_.Advance(std::chrono::seconds(10));
  Reopen();
  EXPECT_TRUE(bundles_->Current(kDomain)->jwt_keys.empty());
  EXPECT_EQ(bundles_->Current(kDomain)->sequence, 3U);
}

TEST_F(JwtKeyTest, WhatIsNoKeyIsRefused) {
  const JwtKey good = KeyOf("a");
  const auto refused = [&](const auto& spoil) {
    JwtKey bad = good;
    spoil(bad);
    return Publish(bad);
  };
  const std::vector<std::function<void(JwtKey&)>> spoils{
      [](JwtKey& key) { key.key_id.clear(); },         [](JwtKey& key) { key.key_id.assign(kMaxKeyIdSize + 1, 'a'); },
      [](JwtKey& key) { key.key_id = "a\nb"; },        [](JwtKey& key) { key.public_key.clear(); },
      [](JwtKey& key) { key.public_key.pop_back(); },  [](JwtKey& key) { key.public_key.push_back(0); },
      [](JwtKey& key) { key.public_key.back() ^= 1; }, [](JwtKey& key) { key.public_key.resize(kMaxJwtKeySize + 1); },
      [](JwtKey& key) { key.expires_at = -1; },        [](JwtKey& key) { key.expires_at = kTestNow; },
  };
  for (std::size_t i = 0; i < spoils.size(); ++i) {
    EXPECT_THAT(refused(spoils[i]), HasReason("jwt_key")) << i;
    EXPECT_THAT(refused(spoils[i]), HasCode(Code::kInvalidArgument)) << i;
  }
  EXPECT_EQ(bundles_->Current(kDomain)->sequence, 1U);
  EXPECT_THAT(refused([](JwtKey& key) { key.key_id.assign(kMaxKeyIdSize, 'a'); }), IsOk());
}

// Compressed points and RSA without NULL are what Go's x509.ParsePKIXPublicKey refuses, and OpenSSL takes.
TEST_F(JwtKeyTest, HasOneEncoding) {
  for (const char* type : {"P-256", "P-384", "RSA:2048", "ED25519"}) {
    const Bytes spki = testing::SoftwareSigner(type).public_key().spki();
    const JwtKey key{.key_id = type, .public_key = spki, .expires_at = kTestNow + 60};
    EXPECT_THAT(Publish(key), IsOk()) << type;
    for (const Bytes& other : OtherEncodings(type, spki)) {
      ASSERT_THAT(PublicKey::FromSpki(other), IsOk()) << type << ToHex(other);
      EXPECT_THAT(Publish({.key_id = "other", .public_key = other, .expires_at = kTestNow + 60}), HasReason("jwt_key"))
          << type << ToHex(other);
    }
  }
}

TEST_F(JwtKeyTest, ThereAreSoManyAndNoMore) {
  std::vector<JwtKey> keys;
  const JwtKey key = KeyOf("a");
  for (std::size_t i = 0; i < kMostJwtKeys; ++i) {
    EXPECT_THAT(IsPublished(key, keys, 0), IsOk());
    keys.push_back(key);
    keys.back().key_id = std::to_string(i);
  }
  EXPECT_THAT(IsPublished(key, keys, 0), HasReason("jwt_keys"));
  EXPECT_TRUE(IsPublished(keys.front(), keys, kMostJwtKeysEach).value()) << "one of these may come again";
}

TEST_F(JwtKeyTest, OnePublishersExcessIsItsOwn) {
  for (std::size_t i = 0; i < kMostJwtKeysEach; ++i) EXPECT_THAT(Publish(KeyOf(std::to_string(i))), IsOk());
  EXPECT_THAT(Publish(KeyOf("one more")), HasReason("jwt_keys"));
  EXPECT_THAT(bundles_->PublishJwtKey(kDomain, KeyOf("another's"), "spire-b"), IsOk());
}

TEST_F(JwtKeyTest, WhoPublishesWithoutEndCostsNoMoreThanItsRate) {
  const JwtKey key = KeyOf("a");
  // By the real clock: a slow machine gets some more.
  std::size_t published = 0;
  auto answer = Publish(key);
  for (; answer.ok() && published < 4 * TrustBundles::kRate.burst; answer = Publish(key)) ++published;
  EXPECT_THAT(answer, HasReason("rate"));
  EXPECT_GE(published, TrustBundles::kRate.burst);
  EXPECT_THAT(bundles_->PublishJwtKey(kDomain, key, "spire-b"), IsOk());
}

}  // namespace
}  // namespace rootkeep
