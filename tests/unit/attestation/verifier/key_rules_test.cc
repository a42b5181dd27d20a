// The rules about public areas, on areas that an attacker writes: no TPM need make them, and most TPMs would not.
#include "attestation/verifier/ak_rules.h"
#include "attestation/verifier/ek_key.h"
#include "attestation/verifier/node_key.h"
#include "attestation/verifier/reasons.h"
#include "attestation/verifier/signing_key.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep::attestation {
namespace {

using testing::HasReason;
using testing::IsOk;

constexpr std::uint32_t kFixed = kFixedTpm | kFixedParent | kSensitiveDataOrigin;

// A key in software on a curve, whose point ends its SubjectPublicKeyInfo.
EccKey Ecc(Curve curve, const char* name, Scheme scheme) {
  const Bytes spki = testing::MakeSpki(name);
  const auto size = static_cast<std::ptrdiff_t>(CoordinateSize(curve));
  return {.scheme = scheme,
          .curve = curve,
          .x = Bytes(spki.end() - 2 * size, spki.end() - size),
          .y = Bytes(spki.end() - size, spki.end())};
}

RsaKey Rsa(std::uint16_t bits, Scheme scheme) {
  Bytes modulus(bits / 8, 0x5a);
  modulus.front() |= 0x80;
  modulus.back() |= 1;
  return {.scheme = scheme, .key_bits = bits, .exponent = 0, .modulus = std::move(modulus)};
}

constexpr Scheme kEcdsaSha256{.algorithm = Algorithm::kEcdsa, .hash = Algorithm::kSha256};
constexpr Scheme kRsaSsaSha256{.algorithm = Algorithm::kRsaSsa, .hash = Algorithm::kSha256};

PublicArea Ak() {
  return {.name_alg = Algorithm::kSha256,
          .attributes = kFixed | kRestricted | kSign | kUserWithAuth,
          .key = Ecc(Curve::kP256, "P-256", kEcdsaSha256)};
}

PublicArea Ek() {
  return {.name_alg = Algorithm::kSha256,
          .attributes = 0x000300b2,
          .auth_policy = *FromHex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa"),
          .symmetric = {.algorithm = Algorithm::kAes, .key_bits = 128},
          .key = Ecc(Curve::kP256, "P-256", {})};
}

PublicArea NodeArea() {
  return {.name_alg = Algorithm::kSha256,
          .attributes = kFixed | kSign | kUserWithAuth,
          .key = Ecc(Curve::kP256, "P-256", {})};
}

// `change` is made to a sound area; what `check` says of it.
template <typename Check, typename Change>
auto With(PublicArea area, Check check, Change change) {
  change(area);
  return check(Encode(area));
}

TEST(AkRules, TakeEachOfTheseAlone) {
  EXPECT_THAT(CheckAk(Encode(Ak())), IsOk());
  for (const std::uint32_t free : {kUserWithAuth, kAdminWithPolicy, kNoDa}) {
    EXPECT_THAT(With(Ak(), CheckAk, [&](PublicArea& area) { area.attributes ^= free; }), IsOk());
  }
}

TEST(AkRules, RefuseEveryOtherBitOfTheAttributes) {
  const auto flip = [](std::uint32_t bit) {
    return With(Ak(), CheckAk, [&](PublicArea& area) { area.attributes ^= bit; });
  };
  EXPECT_THAT(flip(kFixedTpm), HasReason(reason::kAkNotFixed));
  EXPECT_THAT(flip(kFixedParent), HasReason(reason::kAkNotFixed));
  EXPECT_THAT(flip(kSensitiveDataOrigin), HasReason(reason::kAkOrigin));
  EXPECT_THAT(flip(kRestricted), HasReason(reason::kAkNotRestricted));
  EXPECT_THAT(flip(kSign), HasReason(reason::kAkNotSigning));
  EXPECT_THAT(flip(kDecrypt), HasReason(reason::kAkDecrypts));
  constexpr std::uint32_t kJudged = kFixed | kRestricted | kSign | kDecrypt | kUserWithAuth | kAdminWithPolicy | kNoDa;
  for (unsigned bit = 0; bit < 32; ++bit) {
    if ((kJudged & 1U << bit) != 0) continue;
    EXPECT_THAT(flip(1U << bit), HasReason(reason::kAkAttributes)) << bit;
  }
}

TEST(AkRules, RefuseWeakAndForeignKeys) {
  const auto with_key = [](auto key) { return With(Ak(), CheckAk, [&](PublicArea& area) { area.key = key; }); };
  EXPECT_THAT(with_key(Ecc(Curve::kP384, "P-384", kEcdsaSha256)), IsOk());
  EXPECT_THAT(with_key(Rsa(2048, kRsaSsaSha256)), IsOk());
  EXPECT_THAT(with_key(Rsa(1024, kRsaSsaSha256)), HasReason(reason::kAkSize));
  EXPECT_THAT(with_key(Ecc(Curve::kP521, "P-521", kEcdsaSha256)), HasReason(reason::kAkSize));
  RsaKey cubed = Rsa(2048, kRsaSsaSha256);
  cubed.exponent = 3;
  EXPECT_THAT(with_key(cubed), HasReason(reason::kAkSize));
  EccKey off_curve = Ecc(Curve::kP256, "P-256", kEcdsaSha256);
  off_curve.y.back() ^= 1;
  EXPECT_THAT(with_key(off_curve), HasReason(reason::kAkStructure));
}

TEST(AkRules, RefuseOtherSchemes) {
  const auto with_scheme = [](Scheme scheme) {
    return With(Ak(), CheckAk, [&](PublicArea& area) { area.key = Ecc(Curve::kP256, "P-256", scheme); });
  };
  EXPECT_THAT(with_scheme({Algorithm::kEcdsa, Algorithm::kSha512}), IsOk());
  EXPECT_THAT(with_scheme({}), HasReason(reason::kAkScheme));  // any, chosen at each signature
  EXPECT_THAT(with_scheme({Algorithm::kEcdsa, Algorithm::kSha1}), HasReason(reason::kAkScheme));
  EXPECT_THAT(with_scheme({Algorithm::kEcDaa, Algorithm::kSha256, 1}), HasReason(reason::kAkScheme));
  EXPECT_THAT(
      With(Ak(), CheckAk, [](PublicArea& area) { area.key = Rsa(2048, {Algorithm::kOaep, Algorithm::kSha256}); }),
      HasReason(reason::kAkScheme));
}

TEST(AkRules, RefuseStorageKeysPoliciesAndWeakNames) {
  EXPECT_THAT(With(Ak(), CheckAk, [](PublicArea& area) { area.symmetric = {Algorithm::kAes, 128}; }),
              HasReason(reason::kAkSymmetric));
  EXPECT_THAT(With(Ak(), CheckAk, [](PublicArea& area) { area.auth_policy.resize(32); }), HasReason(reason::kAkPolicy));
  EXPECT_THAT(With(Ak(), CheckAk, [](PublicArea& area) { area.name_alg = Algorithm::kSha1; }),
              HasReason(reason::kAkNameHash));
}

TEST(AkRules, RefuseWhatIsNoWholeArea) {
  Bytes octets = Encode(Ak());
  octets.push_back(0);
  EXPECT_THAT(CheckAk(octets), HasReason(reason::kAkStructure));
  EXPECT_THAT(CheckAk({}), HasReason(reason::kAkStructure));
}

TEST(EkRules, TakeTheTemplate) { EXPECT_THAT(CheckEk(Encode(Ek())), IsOk()); }

TEST(EkRules, TakeTheLargeTemplates) {  // H-4, H-6, H-7, which the simulator does not have
  struct Large {
    Algorithm hash;
    std::variant<RsaKey, EccKey> key;
    const char* policy;
  };
  constexpr const char* kSha384 =
      "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12";
  constexpr const char* kSha512 =
      "b8221ca69e8550a4914de3faa6a18c072cc01208073a928d5d66d59ef79e49a4"
      "29c41a6b269571d57edb25fbdb1838425608b413cd616a5f6db5b6071af99bea";
  for (const Large& large :
       {Large{Algorithm::kSha512, Ecc(Curve::kP521, "P-521", {}), kSha512},
        Large{Algorithm::kSha384, Rsa(3072, {}), kSha384}, Large{Algorithm::kSha512, Rsa(4096, {}), kSha512}}) {
    PublicArea area = Ek();
    area.name_alg = large.hash;
    area.attributes = 0x000300f2;
    area.auth_policy = *FromHex(large.policy);
    area.symmetric.key_bits = 256;
    area.key = large.key;
    EXPECT_THAT(CheckEk(Encode(area)), IsOk());
    area.symmetric.key_bits = 128;
    EXPECT_THAT(CheckEk(Encode(area)), HasReason(reason::kEkTemplate));
  }
}

TEST(EkRules, RefuseEveryOtherBitOfTheAttributes) {
  constexpr std::uint32_t kJudged = kFixed | kRestricted | kDecrypt | kSign;
  for (unsigned bit = 0; bit < 32; ++bit) {
    const std::uint32_t mask = 1U << bit;
    EXPECT_THAT(With(Ek(), CheckEk, [&](PublicArea& area) { area.attributes ^= mask; }),
                HasReason((kJudged & mask) != 0 ? reason::kEkAttributes : reason::kEkTemplate))
        << bit;
  }
}

TEST(EkRules, RefuseOtherKeysAndParameters) {
  const auto with_key = [](auto key) { return With(Ek(), CheckEk, [&](PublicArea& area) { area.key = key; }); };
  EXPECT_THAT(with_key(Rsa(2048, {})), IsOk());
  EXPECT_THAT(with_key(Rsa(1024, {})), HasReason(reason::kEkSize));
  RsaKey cubed = Rsa(2048, {});
  cubed.exponent = 3;
  EXPECT_THAT(with_key(cubed), HasReason(reason::kEkTemplate));
  RsaKey stated = Rsa(2048, {});
  stated.exponent = 65537;
  EXPECT_THAT(with_key(stated), IsOk());
  EXPECT_THAT(with_key(Rsa(2048, {.algorithm = Algorithm::kRsaEs})), HasReason(reason::kEkTemplate));
  EXPECT_THAT(with_key(Ecc(Curve::kP384, "P-384", {})), HasReason(reason::kEkTemplate));  // under a 128-bit cipher
  EccKey curved = Ecc(Curve::kP256, "P-256", {});
  EXPECT_THAT(with_key(curved), IsOk());
  curved.kdf = {.algorithm = Algorithm::kKdf1Sp800_56a, .hash = Algorithm::kSha256};
  EXPECT_THAT(with_key(curved), HasReason(reason::kEkTemplate));
  EXPECT_THAT(with_key(Ecc(Curve::kP256, "P-256", {.algorithm = Algorithm::kEcdh, .hash = Algorithm::kSha256})),
              HasReason(reason::kEkTemplate));
  RsaKey even = Rsa(2048, {});
  even.modulus.back() &= 0xfe;
  EXPECT_THAT(with_key(even), HasReason(reason::kEkStructure));
}

TEST(EkRules, RefuseOtherCiphersPoliciesAndNames) {
  EXPECT_THAT(With(Ek(), CheckEk, [](PublicArea& area) { area.symmetric.key_bits = 256; }),
              HasReason(reason::kEkTemplate));
  EXPECT_THAT(With(Ek(), CheckEk, [](PublicArea& area) { area.symmetric = {}; }), HasReason(reason::kEkTemplate));
  EXPECT_THAT(With(Ek(), CheckEk, [](PublicArea& area) { area.auth_policy.back() ^= 1; }),
              HasReason(reason::kEkTemplate));
  EXPECT_THAT(With(Ek(), CheckEk, [](PublicArea& area) { area.auth_policy.clear(); }), HasReason(reason::kEkTemplate));
  EXPECT_THAT(With(Ek(), CheckEk,
                   [](PublicArea& area) {
                     area.name_alg = Algorithm::kSha512;
                     area.auth_policy = {};
                   }),
              HasReason(reason::kEkTemplate));
  EXPECT_THAT(CheckEk(AsBytes("x")), HasReason(reason::kEkStructure));
}

TEST(NodeKeyRules, RefuseEveryOtherBitOfTheAttributes) {
  EXPECT_THAT(CheckNodeKey(Encode(NodeArea())), IsOk());
  constexpr std::uint32_t kFree = kUserWithAuth | kAdminWithPolicy | kNoDa;
  for (unsigned bit = 0; bit < 32; ++bit) {
    const std::uint32_t mask = 1U << bit;
    const auto checked = With(NodeArea(), CheckNodeKey, [&](PublicArea& area) { area.attributes ^= mask; });
    if ((kFree & mask) != 0) {
      EXPECT_THAT(checked, IsOk()) << bit;
    } else {
      EXPECT_THAT(checked, HasReason(reason::kNodeKeyAttributes)) << bit;
    }
  }
}

TEST(NodeKeyRules, RefuseWeakKeysAndSchemes) {
  const auto with_key = [](auto key) {
    return With(NodeArea(), CheckNodeKey, [&](PublicArea& area) { area.key = key; });
  };
  EXPECT_THAT(with_key(Rsa(2048, {})), IsOk());
  EXPECT_THAT(with_key(Rsa(2048, kRsaSsaSha256)), IsOk());
  EXPECT_THAT(with_key(Rsa(2048, {Algorithm::kRsaPss, Algorithm::kSha256})), HasReason(reason::kNodeKeyScheme));
  EXPECT_THAT(with_key(Rsa(1024, {})), HasReason(reason::kNodeKeySize));
  EXPECT_THAT(with_key(Ecc(Curve::kP521, "P-521", {})), HasReason(reason::kNodeKeySize));
  EXPECT_THAT(with_key(Ecc(Curve::kP256, "P-256", {Algorithm::kEcdsa, Algorithm::kSha1})),
              HasReason(reason::kNodeKeyScheme));
  EccKey off_curve = Ecc(Curve::kP256, "P-256", {});
  off_curve.x.back() ^= 1;
  EXPECT_THAT(with_key(off_curve), HasReason(reason::kNodeKeyStructure));
  EXPECT_THAT(With(NodeArea(), CheckNodeKey, [](PublicArea& area) { area.symmetric = {Algorithm::kAes, 128}; }),
              HasReason(reason::kNodeKeyScheme));
  EXPECT_THAT(CheckNodeKey({}), HasReason(reason::kNodeKeyStructure));
}

TEST(NodeKeyParent, IsFixedAndForStorage) {
  ASSERT_OK_AND_ASSIGN(const NodeKey key, CheckNodeKey(Encode(NodeArea())));
  const auto below = [&](std::uint32_t flipped) {
    return With(
        Ek(), [&](const Bytes& parent) { return QualifiedNameBelow(parent, key); },
        [&](PublicArea& area) { area.attributes ^= flipped; });
  };
  EXPECT_THAT(below(0), IsOk());
  for (const std::uint32_t bit : {kFixedTpm, kFixedParent, kSensitiveDataOrigin, kRestricted, kDecrypt, kSign}) {
    EXPECT_THAT(below(bit), HasReason(reason::kNodeKeyParent)) << bit;
  }
  const auto weak = With(
      Ek(), [&](const Bytes& parent) { return QualifiedNameBelow(parent, key); },
      [](PublicArea& area) {
        area.name_alg = Algorithm::kSha1;
        area.auth_policy = {};
      });
  EXPECT_THAT(weak, HasReason(reason::kNodeKeyParent));
  EXPECT_THAT(QualifiedNameBelow(AsBytes("no public area"), key), HasReason(reason::kNodeKeyParent));
}

}  // namespace
}  // namespace rootkeep::attestation
