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

// What is read without OpenSSL's decoders is what they read.
TEST(PublicKey, IsTheKeyThatOpenSslReads) {
  for (const char* type : {"P-256", "P-384", "ED25519", "RSA:2048"}) {
    const Bytes spki = testing::MakeSpki(type);
    const unsigned char* at = spki.data();
    const ossl::PKey expected(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));  // NOLINT(google-runtime-int)
    ASSERT_OK_AND_ASSIGN(const PublicKey key, PublicKey::FromSpki(spki));
    EXPECT_EQ(EVP_PKEY_eq(key.pkey(), expected.get()), 1) << type;
    EXPECT_EQ(testing::SpkiOf(key.pkey()), spki) << type;
    X509_PUBKEY* pubkey = nullptr;
    ASSERT_EQ(X509_PUBKEY_set(&pubkey, expected.get()), 1);
    const ossl::Owned<X509_PUBKEY, X509_PUBKEY_free> holder(pubkey);
    const unsigned char* bits = nullptr;
    int size = 0;
    X509_PUBKEY_get0_param(nullptr, &bits, &size, nullptr, pubkey);
    Bytes id(20);
    EVP_Digest(bits, static_cast<std::size_t>(size), id.data(), nullptr, EVP_sha1(), nullptr);
    EXPECT_EQ(key.key_id(), id) << type;
  }
}

TEST(PublicKey, RefusesPointsThatAreNotOnTheirCurve) {
  for (const char* type : {"P-256", "P-384"}) {
    Bytes spki = testing::MakeSpki(type);
    spki.back() ^= 1;
    EXPECT_THAT(PublicKey::FromSpki(spki), HasCode(Code::kInvalidArgument)) << type;
    spki.back() ^= 1;
    EXPECT_THAT(PublicKey::FromSpki(spki), IsOk()) << type;
  }
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
