// Against TPM2_ActivateCredential.
#include "attestation/verifier/make_credential.h"

#include <gtest/gtest.h>

#include "attestation/wire/id_object.h"
#include "tests/support/matchers.h"
#include "tests/unit/attestation/verifier/lab.h"

namespace rootkeep::attestation {
namespace {

using testing::EkKind;
using testing::HasCode;
using testing::Lab;

constexpr std::uint64_t kIntegrity = 0x1df;  // TPM_RC_INTEGRITY, parameter 1

class MakingCredentials : public ::testing::TestWithParam<EkKind> {
 protected:
  MakingCredentials()
      : ek_(*testing::EndorsementKey(esys_, GetParam())),
        ak_(*CreatePrimary(esys_, ESYS_TR_RH_ENDORSEMENT, testing::AkTemplate())),
        checked_(*CheckEk(ek_.encoded)) {}

  Result<Bytes> Activate(const Credential& credential) {
    return ActivateCredential(esys_, ak_, ek_, ByteView(credential.id_object).subspan(2),
                              ByteView(credential.encrypted_secret).subspan(2));
  }

  testing::Esys esys_{Lab::Shared().tpm};
  testing::TpmKey ek_;
  testing::TpmKey ak_;
  EndorsementKey checked_;
};

TEST_P(MakingCredentials, IsWhatTheTpmActivates) {
  for (const std::size_t size : {1U, 16U, 32U}) {
    const Bytes secret(size, 0x42);
    ASSERT_OK_AND_ASSIGN(const Credential credential,
                         MakeCredential(checked_, ak_.name, SecretBytes(ByteView(secret))));
    ASSERT_OK_AND_ASSIGN(const Bytes activated, Activate(credential));
    EXPECT_EQ(activated, secret);
  }
}

TEST_P(MakingCredentials, IsForOneAk) {
  const SecretBytes secret(Bytes(32, 0x42));
  Bytes other = ak_.name;
  other.back() ^= 1;
  ASSERT_OK_AND_ASSIGN(const Credential credential, MakeCredential(checked_, other, secret));
  const Result<Bytes> activated = Activate(credential);
  ASSERT_FALSE(activated.ok());
  EXPECT_EQ(activated.error().native().value, kIntegrity);
}

TEST_P(MakingCredentials, IsForOneEk) {
  const testing::SwTpm second(Lab::Shared().manufacturer, "node-2");
  const testing::Esys other(second);
  ASSERT_OK_AND_ASSIGN(const testing::TpmKey ek, testing::EndorsementKey(other, GetParam()));
  ASSERT_OK_AND_ASSIGN(const EndorsementKey checked, CheckEk(ek.encoded));
  ASSERT_OK_AND_ASSIGN(const Credential credential, MakeCredential(checked, ak_.name, SecretBytes(Bytes(32, 0x42))));
  EXPECT_FALSE(Activate(credential).ok());
}

TEST_P(MakingCredentials, IsForThisCredential) {  // the identity of one beside the seed of another
  const SecretBytes secret(Bytes(32, 0x42));
  ASSERT_OK_AND_ASSIGN(Credential first, MakeCredential(checked_, ak_.name, secret));
  ASSERT_OK_AND_ASSIGN(const Credential second, MakeCredential(checked_, ak_.name, secret));
  EXPECT_NE(first.id_object, second.id_object);
  EXPECT_NE(first.encrypted_secret, second.encrypted_secret);
  first.id_object = second.id_object;
  EXPECT_FALSE(Activate(first).ok());
}

TEST_P(MakingCredentials, TakesNoSecretLongerThanTheDigest) {
  const std::size_t size = HashSize(checked_.area.name_alg);
  EXPECT_THAT(MakeCredential(checked_, ak_.name, SecretBytes(Bytes(size + 1))), HasCode(Code::kInvalidArgument));
}

// A coordinate has a leading zero octet once in 256 keys.
TEST(MakingCredentialsForAnyPoint, PadsTheEphemeralPoint) {
  const testing::Esys esys(Lab::Shared().tpm);
  ASSERT_OK_AND_ASSIGN(const auto ek, testing::EndorsementKey(esys, EkKind::kH3));
  ASSERT_OK_AND_ASSIGN(const auto ak, CreatePrimary(esys, ESYS_TR_RH_ENDORSEMENT, testing::AkTemplate()));
  ASSERT_OK_AND_ASSIGN(const EndorsementKey checked, CheckEk(ek.encoded));
  const Bytes secret(32, 0x42);
  Credential credential;
  do {
    ASSERT_OK_AND_ASSIGN(credential, MakeCredential(checked, ak.name, SecretBytes(ByteView(secret))));
    ASSERT_EQ(credential.encrypted_secret.size(), 2 + 2 * (2 + 48));
  } while (credential.encrypted_secret[4] != 0);  // the first octet of x
  ASSERT_OK_AND_ASSIGN(const Bytes activated,
                       ActivateCredential(esys, ak, ek, ByteView(credential.id_object).subspan(2),
                                          ByteView(credential.encrypted_secret).subspan(2)));
  EXPECT_EQ(activated, secret);
}

TEST(MakingCredentialsForAnyPoint, PadsTheKeyOfTheTpm) {
  const testing::Esys esys(Lab::Shared().tpm);
  ASSERT_OK_AND_ASSIGN(const auto ak, CreatePrimary(esys, ESYS_TR_RH_ENDORSEMENT, testing::AkTemplate()));
  const Bytes secret(32, 0x42);
  TPM2B_PUBLIC wanted = testing::EkP256Template();
  for (std::uint16_t i = 0;; ++i) {
    wanted.publicArea.unique.ecc.x.buffer[0] = static_cast<BYTE>(i >> 8);
    wanted.publicArea.unique.ecc.x.buffer[1] = static_cast<BYTE>(i);
    ASSERT_OK_AND_ASSIGN(const auto ek, CreatePrimary(esys, ESYS_TR_RH_ENDORSEMENT, wanted));
    const TPM2B_ECC_PARAMETER& x = ek.public_area.publicArea.unique.ecc.x;
    if (x.size == 32 && x.buffer[0] != 0) continue;
    ASSERT_OK_AND_ASSIGN(const EndorsementKey checked, CheckEk(ek.encoded));
    ASSERT_OK_AND_ASSIGN(const Credential credential, MakeCredential(checked, ak.name, SecretBytes(ByteView(secret))));
    ASSERT_OK_AND_ASSIGN(const Bytes activated,
                         ActivateCredential(esys, ak, ek, ByteView(credential.id_object).subspan(2),
                                            ByteView(credential.encrypted_secret).subspan(2)));
    EXPECT_EQ(activated, secret);
    return;
  }
}

INSTANTIATE_TEST_SUITE_P(Eks, MakingCredentials, ::testing::Values(EkKind::kL1, EkKind::kL2, EkKind::kH3),
                         [](const auto& each) {
                           return each.param == EkKind::kL1 ? "Rsa2048" : each.param == EkKind::kL2 ? "P256" : "P384";
                         });

}  // namespace
}  // namespace rootkeep::attestation
