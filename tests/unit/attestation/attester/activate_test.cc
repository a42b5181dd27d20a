#include "attestation/attester/activate.h"

#include <algorithm>

#include "attestation/attester/ak.h"
#include "attestation/attester/ek.h"
#include "attestation/attester/nv.h"
#include "attestation/wire/codec.h"
#include "tests/support/matchers.h"
#include "tests/support/swtpm.h"
#include "tests/support/tpm_keys.h"
#include "tests/unit/attestation/attester/interposed_esys.h"

namespace rootkeep::testing {
namespace {

using attestation::ActivateCredential;
using attestation::Ek;
using attestation::FindEk;
using attestation::MakeAk;
using attestation::Writer;

struct Credential {
  Bytes id_object;
  Bytes encrypted_secret;
};

class ActivateTest : public ::testing::TestWithParam<const char*> {
 protected:
  // What a service makes; here the TPM itself does, by TPM2_MakeCredential.
  Credential Make(const attestation::TpmKey& ek, const Bytes& ak_name, const Bytes& secret) {
    TPM2B_DIGEST credential{};
    credential.size = static_cast<UINT16>(secret.size());
    std::ranges::copy(secret, credential.buffer);
    TPM2B_NAME name{};
    name.size = static_cast<UINT16>(ak_name.size());
    std::ranges::copy(ak_name, name.name);
    EsysOwned<TPM2B_ID_OBJECT> object;
    EsysOwned<TPM2B_ENCRYPTED_SECRET> seed;
    const TSS2_RC rc = Esys_MakeCredential(esys_.get(), ek.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &credential,
                                           &name, object.out(), seed.out());
    EXPECT_EQ(rc, TSS2_RC_SUCCESS);
    Writer first;
    first.Sized({object->credential, object->size});
    Writer second;
    second.Sized({seed->secret, seed->size});
    return {.id_object = first.Take(), .encrypted_secret = second.Take()};
  }

  std::size_t LoadedSessions() { return attestation::HandlesBetween(esys_.get(), 0x02000000, 0x02ffffff)->size(); }

  SwTpm tpm_;
  Esys esys_{tpm_};
  const Bytes secret_ = Bytes(32, 0xc3);
};

TEST_P(ActivateTest, GivesTheSecret) {
  ASSERT_OK_AND_ASSIGN(const Ek ek, FindEk(esys_.get(), GetParam()));
  ASSERT_OK_AND_ASSIGN(const attestation::TpmKey ak, MakeAk(esys_.get()));
  const Credential credential = Make(ek.key, *attestation::Name(ak.area), secret_);
  ASSERT_OK_AND_ASSIGN(const SecretBytes secret,
                       ActivateCredential(esys_.get(), ek.key, ak, credential.id_object, credential.encrypted_secret));
  EXPECT_EQ(ToBytes(secret.RevealForUse()), secret_);
  EXPECT_EQ(LoadedSessions(), 0u);
}

TEST_P(ActivateTest, RefusesASecretForAnotherAkAndLeavesNoSession) {
  ASSERT_OK_AND_ASSIGN(const Ek ek, FindEk(esys_.get(), GetParam()));
  ASSERT_OK_AND_ASSIGN(const attestation::TpmKey ak, MakeAk(esys_.get()));
  Bytes other = *attestation::Name(ak.area);
  other.back() ^= 1;
  const Credential credential = Make(ek.key, other, secret_);
  // More often than there are places for sessions.
  for (int i = 0; i < 8; ++i) {
    EXPECT_THAT(ActivateCredential(esys_.get(), ek.key, ak, credential.id_object, credential.encrypted_secret),
                HasCode(Code::kDataLoss));
  }
  EXPECT_EQ(LoadedSessions(), 0u);
}

TEST_P(ActivateTest, TheSecretIsNotOnTheBus) {
  const InterposedEsys bus(tpm_, TPM2_CC_ActivateCredential, [] {});
  ASSERT_OK_AND_ASSIGN(const Ek ek, FindEk(bus.get(), GetParam()));
  ASSERT_OK_AND_ASSIGN(const attestation::TpmKey ak, MakeAk(bus.get()));
  const Credential credential = [&] {
    const auto own = FindEk(esys_.get(), GetParam());
    return Make(own->key, *attestation::Name(ak.area), secret_);
  }();
  ASSERT_THAT(ActivateCredential(bus.get(), ek.key, ak, credential.id_object, credential.encrypted_secret), IsOk());
  ASSERT_GT(bus.answer().size(), secret_.size());
  // The last octets alone would do.
  EXPECT_THAT(std::ranges::search(bus.answer(), Bytes(8, secret_.front())), ::testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Templates, ActivateTest, ::testing::Values("L-1", "L-2", "H-1", "H-2", "H-3", "H-4"),
                         [](const auto& kind) {
                           std::string name(kind.param);
                           std::erase(name, '-');
                           return name;
                         });

class ActivateRefusalTest : public ActivateTest {};

TEST_F(ActivateRefusalTest, MalformedCredentialsDoNotReachTheTpm) {
  ASSERT_OK_AND_ASSIGN(const Ek ek, FindEk(esys_.get(), "L-2"));
  ASSERT_OK_AND_ASSIGN(const attestation::TpmKey ak, MakeAk(esys_.get()));
  const Credential good = Make(ek.key, *attestation::Name(ak.area), secret_);
  const auto activate = [&](const Bytes& id_object, const Bytes& secret) {
    return ActivateCredential(esys_.get(), ek.key, ak, id_object, secret);
  };
  Bytes longer = good.id_object;
  longer.push_back(0);
  EXPECT_THAT(activate(longer, good.encrypted_secret), HasReason("tpm_structure"));
  EXPECT_THAT(activate({}, good.encrypted_secret), HasReason("tpm_structure"));
  longer = good.encrypted_secret;
  longer.push_back(0);
  EXPECT_THAT(activate(good.id_object, longer), HasReason("tpm_structure"));
  EXPECT_THAT(activate(good.id_object, {}), HasReason("tpm_structure"));
  Writer huge;
  huge.Sized(Bytes(5000, 1));
  EXPECT_THAT(activate(good.id_object, huge.Take()), HasReason("tpm_structure"));
}

TEST_F(ActivateRefusalTest, AnEkWithAnotherPolicyIsNotGuessedAt) {
  TPM2B_PUBLIC wanted = EkP256Template();
  wanted.publicArea.authPolicy.buffer[0] ^= 1;
  ASSERT_OK_AND_ASSIGN(const attestation::TpmKey ek, attestation::MakePrimary(esys_.get(), wanted.publicArea));
  ASSERT_OK_AND_ASSIGN(const attestation::TpmKey ak, MakeAk(esys_.get()));
  const Credential credential = Make(ek, *attestation::Name(ak.area), secret_);
  const auto secret = ActivateCredential(esys_.get(), ek, ak, credential.id_object, credential.encrypted_secret);
  EXPECT_THAT(secret, HasCode(Code::kFailedPrecondition));
  EXPECT_THAT(secret, Says("policy"));
  EXPECT_EQ(LoadedSessions(), 0u);
}

}  // namespace
}  // namespace rootkeep::testing
