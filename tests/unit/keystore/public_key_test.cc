#include "keystore/public_key.h"

#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::IsOk;

TEST(PublicKey, KnowsItsType) {
  EXPECT_EQ(PublicKey::FromSpki(testing::MakeSpki("P-256"))->type(), KeyType::kEcP256);
  EXPECT_EQ(PublicKey::FromSpki(testing::MakeSpki("P-384"))->type(), KeyType::kEcP384);
  EXPECT_EQ(PublicKey::FromSpki(testing::MakeSpki("ED25519"))->type(), KeyType::kEd25519);
  EXPECT_EQ(PublicKey::FromSpki(testing::MakeSpki("RSA:2048"))->type(), KeyType::kRsa2048);
}

TEST(PublicKey, RefusesWeakForeignAndTornKeys) {
  EXPECT_THAT(PublicKey::FromSpki(testing::MakeSpki("P-521")), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(PublicKey::FromSpki(testing::MakeSpki("RSA:1024")), HasCode(Code::kInvalidArgument));
  Bytes spki = testing::MakeSpki("P-256");
  spki.push_back(0);
  EXPECT_THAT(PublicKey::FromSpki(spki), HasCode(Code::kInvalidArgument));
  spki.resize(spki.size() - 2);
  EXPECT_THAT(PublicKey::FromSpki(spki), HasCode(Code::kInvalidArgument));
}

TEST(PublicKey, VerifiesWhatItsKeySigned) {
  const auto key = testing::MakeKey("P-256");
  const Bytes message = ToBytes(AsBytes("to be signed"));
  const Bytes signature = testing::SignWith(key.get(), "SHA256", message);
  ASSERT_OK_AND_ASSIGN(const PublicKey public_key, PublicKey::FromSpki(testing::SpkiOf(key.get())));
  ASSERT_OK_AND_ASSIGN(Bytes digest, Digest(Hash::kSha256, message));
  EXPECT_THAT(public_key.Verify(SignatureScheme::kEcdsaSha256, digest, signature), IsOk());
  EXPECT_THAT(public_key.Verify(SignatureScheme::kRsaPkcs1Sha256, digest, signature), HasCode(Code::kInvalidArgument));
  digest[0] ^= 1;
  EXPECT_THAT(public_key.Verify(SignatureScheme::kEcdsaSha256, digest, signature), HasCode(Code::kDataLoss));
}

}  // namespace
}  // namespace rootkeep
