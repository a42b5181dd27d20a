// What a signature costs in calls, and what happens to sessions, deadlines and keys that change.
#include <p11-kit/pkcs11.h>

#include <algorithm>
#include <thread>

#include "keystore/pkcs11/generate.h"
#include "keystore/pkcs11/private_keys.h"
#include "keystore/pkcs11/token.h"
#include "keystore/pkcs11/write_session.h"
#include "tests/unit/keystore/pkcs11/token_fixture.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::Call;
using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::SoftHsm;

class SigningTest : public TokenFixture {
 protected:
  // Puts another pair under the key's id and label, by other means than the store's.
  void PutAnotherKeyInItsPlace(bool keep_public_half) {
    const auto use = hsm.module()->Enter(Soon());
    ASSERT_THAT(use, IsOk());
    const auto token = FindToken(*use, {.label = SoftHsm::kLabel});
    ASSERT_THAT(token, IsOk());
    const auto session = WriteSession::Open(*use, token->slot, Soon());
    ASSERT_THAT(session, IsOk());
    const auto old_key = FindPrivateKeys(*use, session->handle(), info->id, {});
    ASSERT_THAT(old_key, IsOk());
    const auto old_half = FindPublicHalf(*use, session->handle(), info->id, info->label);
    ASSERT_THAT(old_half, IsOk());
    ASSERT_THAT(GenerateKeyPair(*use, session->handle(), {}, info->label, info->id), IsOk());
    ASSERT_EQ((*use)->C_DestroyObject(session->handle(), old_key->front()), CKR_OK);
    const CK_OBJECT_HANDLE drop = keep_public_half ? NewHalf(*use, session->handle(), *old_half) : *old_half;
    ASSERT_EQ((*use)->C_DestroyObject(session->handle(), drop), CKR_OK);
  }

 private:
  CK_OBJECT_HANDLE NewHalf(const Module::Use& use, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE old_half) {
    Template search;
    search.Number(CKA_CLASS, CKO_PUBLIC_KEY).Octets(CKA_ID, info->id);
    const auto halves = FindObjects(use, session, search, 10);
    return halves->at(0) == old_half ? halves->at(1) : halves->at(0);
  }
};

TEST_F(SigningTest, IsTwoCallsOnAnOpenSession) {
  ASSERT_THAT(Sign(), IsOk());
  probe->Reset();
  for (int i = 0; i < 100; ++i) ASSERT_THAT(Sign(), IsOk());
  EXPECT_EQ(Calls(Call::kSignInit), 100U);
  EXPECT_EQ(Calls(Call::kSign), 100U);
  EXPECT_EQ(Calls(Call::kOpenSession), 0U);
  EXPECT_EQ(Calls(Call::kFindObjectsInit), 0U);
  EXPECT_EQ(Calls(Call::kGetTokenInfo), 0U);
}

TEST_F(SigningTest, ADeadlineThatPassedNeverReachesTheToken) {
  ASSERT_THAT(Sign(), IsOk());
  probe->Reset();
  const auto late = Sign(std::chrono::steady_clock::now());
  EXPECT_THAT(late, HasCode(Code::kUnavailable));
  EXPECT_THAT(late, HasReason("deadline"));
  EXPECT_EQ(Calls(Call::kSignInit), 0U);
}

TEST_F(SigningTest, ASessionThatSawAnErrorIsClosed) {
  ASSERT_THAT(Sign(), IsOk());
  probe->Reset();
  probe->Fail(Call::kSign, CKR_DATA_LEN_RANGE);
  EXPECT_THAT(Sign(), HasCode(Code::kInvalidArgument));
  EXPECT_EQ(Calls(Call::kCloseSession), 1U);
  EXPECT_THAT(SignAndVerify(), IsOk());
  EXPECT_EQ(Calls(Call::kOpenSession), 1U);
}

TEST_F(SigningTest, SignsInSessionsThatCannotChangeTheToken) {
  probe->Reset();
  probe->Fail(Call::kSign, CKR_SESSION_HANDLE_INVALID);
  EXPECT_THAT(SignAndVerify(), IsOk());
  EXPECT_GT(Calls(Call::kOpenSession), 0U) << "connected anew";
  EXPECT_EQ(probe->write_sessions, 0U);
  ASSERT_THAT(store->Create({.name = "other"}, Soon()), IsOk());
  EXPECT_EQ(probe->write_sessions, 1U);
}

// Two that sign at once would wait for each other in one.
TEST_F(SigningTest, HasACopyForEachProcessor) {
  ASSERT_THAT(Sign(), IsOk());
  probe->Reset();
  probe->Fail(Call::kSign, CKR_SESSION_HANDLE_INVALID);
  EXPECT_THAT(SignAndVerify(), IsOk());
  EXPECT_EQ(Calls(Call::kCopyObject), std::clamp(std::thread::hardware_concurrency(), 1U, 4U));
}

TEST_F(SigningTest, WithoutSessionCopiesItSignsWithTheKeyItself) {
  // A token that copies no keys: every bind tries once.
  probe->Fail(Call::kCopyObject, CKR_ACTION_PROHIBITED, 1000);
  for (int i = 0; i < 20; ++i) EXPECT_THAT(SignAndVerify(), IsOk());
}

TEST_F(SigningTest, ADestroyedKeyStopsSigning) {
  ASSERT_THAT(Sign(), IsOk());
  ASSERT_THAT(store->deleter()->Delete(info->uri, Soon()), IsOk());
  ASSERT_TRUE(Eventually([this] { return !Sign().ok(); }));
  const auto gone = Sign();
  EXPECT_THAT(gone, HasCode(Code::kUnavailable));
  EXPECT_THAT(gone, HasReason("key_missing"));
  // Known to be missing: the module is not reinitialised for it again and again.
  probe->Reset();
  EXPECT_THAT(Sign(), HasReason("key_missing"));
  EXPECT_EQ(Calls(Call::kInitialize), 0U);
}

TEST_F(SigningTest, NothingIsSignedWithAnotherKeyUnderTheSameId) {
  ASSERT_THAT(Sign(), IsOk());
  PutAnotherKeyInItsPlace(/*keep_public_half=*/false);
  ASSERT_TRUE(Eventually([this] { return !Sign().ok(); }));
  const auto other = Sign();
  EXPECT_THAT(other, HasCode(Code::kDataLoss));
  EXPECT_THAT(other, HasReason("key_changed"));
}

TEST_F(SigningTest, NothingIsSignedWithAPrivateKeyOfAnotherPublicHalf) {
  ASSERT_THAT(Sign(), IsOk());
  PutAnotherKeyInItsPlace(/*keep_public_half=*/true);
  ASSERT_TRUE(Eventually([this] { return !Sign().ok(); }));
  EXPECT_THAT(Sign(), HasCode(Code::kDataLoss));
}

TEST_F(SigningTest, OneSignerServesAllWhoOpenAKey) {
  ASSERT_OK_AND_ASSIGN(const auto again, store->Open(info->uri, Soon()));
  EXPECT_EQ(again, signer);
}

}  // namespace
}  // namespace rootkeep::pkcs11
