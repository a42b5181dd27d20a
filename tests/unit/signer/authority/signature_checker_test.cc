#include "signer/authority/signature_checker.h"

#include "tests/support/matchers.h"
#include "tests/support/software_signer.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::SoftwareSigner;

class Checker : public ::testing::TestWithParam<const char*> {};

TEST_P(Checker, TakesTheKeysSignatureAndNoOther) {
  const SoftwareSigner signer(GetParam());
  for (const SignatureScheme scheme : SchemesOf(signer.public_key().type())) {
    SCOPED_TRACE(SchemeName(scheme));
    ASSERT_OK_AND_ASSIGN(const SignatureChecker checker, SignatureChecker::Make(signer.public_key(), scheme));
    ASSERT_OK_AND_ASSIGN(const Bytes input, Digest(SchemeHash(scheme), AsBytes("to be signed")));
    ASSERT_OK_AND_ASSIGN(const Bytes signature, signer.Sign(scheme, input, After(std::chrono::seconds(30))));
    EXPECT_THAT(checker.Check(input, signature), IsOk());
    Bytes other = signature;
    other.back() ^= 1;
    EXPECT_THAT(checker.Check(input, other), HasCode(Code::kDataLoss));
    EXPECT_THAT(checker.Check(input, other), HasReason("bad_signature"));
    EXPECT_THAT(checker.Check(input, {}), HasReason("bad_signature"));
    Bytes changed = input;
    changed[0] ^= 1;
    EXPECT_THAT(checker.Check(changed, signature), HasReason("bad_signature"));
    const SoftwareSigner stranger(GetParam());
    ASSERT_OK_AND_ASSIGN(const SignatureChecker strange, SignatureChecker::Make(stranger.public_key(), scheme));
    EXPECT_THAT(strange.Check(input, signature), HasReason("bad_signature"));
  }
}

TEST_P(Checker, SchemeOfAnotherKeyIsRefused) {
  const SoftwareSigner signer(GetParam());
  const bool rsa = IsRsa(signer.public_key().type());
  EXPECT_THAT(SignatureChecker::Make(signer.public_key(),
                                     rsa ? SignatureScheme::kEcdsaSha256 : SignatureScheme::kRsaPkcs1Sha256),
              HasCode(Code::kInvalidArgument));
}

INSTANTIATE_TEST_SUITE_P(Keys, Checker, ::testing::Values("P-256", "P-384", "ED25519", "RSA:2048"));

TEST(CheckerInput, DigestOfAnotherLengthIsRefused) {
  const SoftwareSigner signer("P-256");
  ASSERT_OK_AND_ASSIGN(const SignatureChecker checker,
                       SignatureChecker::Make(signer.public_key(), SignatureScheme::kEcdsaSha256));
  EXPECT_THAT(checker.Check(Bytes(31), Bytes(70)), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(checker.Check(Bytes(48), Bytes(70)), HasCode(Code::kInvalidArgument));
}

}  // namespace
}  // namespace rootkeep
