// A destruction that is interrupted between the halves of a key, as the catalogue finishes it.
#include <filesystem>

#include "keystore/catalog/catalogued_store.h"
#include "keystore/catalog/destruction.h"
#include "keystore/pkcs11/generate.h"
#include "keystore/pkcs11/private_keys.h"
#include "keystore/pkcs11/write_session.h"
#include "tests/unit/keystore/pkcs11/chaos_fixture.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::SoftHsm;

constexpr char kLabel[] = "rk/app/web/1";

class HalfKey : public ::testing::Test {
 protected:
  void SetUp() override {
    TheChaos().Clear();
    CataloguedStore store(store_, catalog_, token_, clock_);
    ASSERT_OK_AND_ASSIGN(key_, store.Create({.name = "web"}, Soon()));
    ASSERT_THAT(catalog_->Retire(kLabel, clock_.Now()), IsOk());
    ASSERT_EQ(Objects(), 2);
  }
  void TearDown() override { TheChaos().Clear(); }

  // The public half is left.
  void BreakOff() {
    TheChaos().Set("fail C_DestroyObject CKR_FUNCTION_FAILED nth=2");
    EXPECT_THAT(Destroy(), ::testing::Not(IsOk()));
    TheChaos().Clear();
    ASSERT_EQ(Objects(), 1);
    ASSERT_EQ(State(), KeyState::kRetired);
  }
  // As another program does: a pair with our key's id, of which one half goes again.
  void PutForeignHalf(CK_OBJECT_CLASS kept, const std::string& label) {
    ASSERT_THAT(store_->List(Soon()), IsOk()) << "logged in";
    ASSERT_OK_AND_ASSIGN(const auto use, hsm_.module()->Enter(Soon()));
    ASSERT_OK_AND_ASSIGN(const Token token, FindToken(use, {.label = SoftHsm::kLabel}));
    ASSERT_OK_AND_ASSIGN(const auto session, WriteSession::Open(use, token.slot, Soon()));
    ASSERT_OK_AND_ASSIGN(const auto before, FindPublicKeys(use, session.handle(), key_->id, label));
    ASSERT_OK_AND_ASSIGN(CK_OBJECT_HANDLE drop, GenerateKeyPair(use, session.handle(), {}, label, key_->id));
    if (kept == CKO_PRIVATE_KEY) {
      ASSERT_TRUE(before.empty());
      ASSERT_OK_AND_ASSIGN(const auto halves, FindPublicKeys(use, session.handle(), key_->id, label));
      drop = halves.front();
    }
    ASSERT_EQ(use->C_DestroyObject(session.handle(), drop), CKR_OK);
  }

  Status Destroy() { return DestroyKey(*catalog_, *store_, token_, kLabel, clock_, Soon()); }
  KeyState State() { return catalog_->Find(kLabel).value()->state; }
  // SoftHSM has a file for each, and one for the token.
  [[nodiscard]] std::ptrdiff_t Objects() const {
    std::ptrdiff_t objects = -1;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(hsm_.directory())) {
      if (entry.path().extension() == ".object") ++objects;
    }
    return objects;
  }

  SoftHsm hsm_{ChaosPath()};
  const std::shared_ptr<KeyStore> store_ = hsm_.OpenStore();
  const SystemClock clock_;
  const TokenName token_{.label = SoftHsm::kLabel, .serial = ""};
  const std::shared_ptr<Catalog> catalog_ = Catalog::Open(hsm_.directory() + "/keys.db").value();
  std::optional<KeyInfo> key_;
};

TEST_F(HalfKey, ThePublicHalfThatWasLeftGoesWithTheNextAttempt) {
  ASSERT_NO_FATAL_FAILURE(BreakOff());
  ASSERT_THAT(Destroy(), IsOk());
  EXPECT_EQ(Objects(), 0);
  EXPECT_EQ(State(), KeyState::kDestroyed);
  EXPECT_THAT(store_->deleter()->Delete(key_->uri, Soon()), HasCode(Code::kNotFound));
}

// Ids of adopted keys are short, and others have them too.
TEST_F(HalfKey, AForeignPublicKeyWithItsIdStays) {
  ASSERT_THAT(store_->deleter()->Delete(key_->uri, Soon()), IsOk());
  for (const char* label : {"peer", kLabel}) ASSERT_NO_FATAL_FAILURE(PutForeignHalf(CKO_PUBLIC_KEY, label));
  ASSERT_THAT(Destroy(), IsOk());
  EXPECT_EQ(Objects(), 2);
  EXPECT_EQ(State(), KeyState::kDestroyed);
}

TEST_F(HalfKey, OnlyItsOwnGoesAmongForeignOnes) {
  ASSERT_NO_FATAL_FAILURE(BreakOff());
  for (const char* label : {"peer", kLabel}) ASSERT_NO_FATAL_FAILURE(PutForeignHalf(CKO_PUBLIC_KEY, label));
  ASSERT_THAT(Destroy(), IsOk());
  EXPECT_EQ(Objects(), 2);
}

// A private key that is in no list has the id: what is there may be a key in use.
TEST_F(HalfKey, NothingGoesWhileAPrivateKeyHasItsId) {
  ASSERT_THAT(store_->deleter()->Delete(key_->uri, Soon()), IsOk());
  ASSERT_NO_FATAL_FAILURE(PutForeignHalf(CKO_PRIVATE_KEY, kLabel));
  EXPECT_THAT(Destroy(), HasReason("key_unusable"));
  EXPECT_EQ(Objects(), 1);
  EXPECT_EQ(State(), KeyState::kRetired);
  EXPECT_THAT(store_->deleter()->DeleteRemains({.label = kLabel, .id = {}, .public_key = key_->public_key}, Soon()),
              HasCode(Code::kInvalidArgument));
}

// The first search is the list's, and made again.
TEST_F(HalfKey, AFaultWhileItsHalfIsSoughtLeavesRowAndObject) {
  ASSERT_NO_FATAL_FAILURE(BreakOff());
  for (const char* nth : {"2", "3"}) {
    TheChaos().Set(std::string("fail C_FindObjectsInit CKR_DEVICE_ERROR nth=") + nth);
    EXPECT_THAT(Destroy(), HasCode(Code::kUnavailable)) << nth;
    TheChaos().Clear();
    EXPECT_EQ(Objects(), 1) << nth;
    EXPECT_EQ(State(), KeyState::kRetired) << nth;
  }
  ASSERT_THAT(Destroy(), IsOk());
  EXPECT_EQ(Objects(), 0);
}

// Two searches are the list's.
TEST_F(HalfKey, AFaultWhileTheWholeKeyIsSoughtDestroysNothing) {
  for (const char* nth : {"3", "4"}) {
    TheChaos().Set(std::string("fail C_FindObjectsInit CKR_DEVICE_ERROR nth=") + nth);
    EXPECT_THAT(Destroy(), HasCode(Code::kUnavailable)) << nth;
    TheChaos().Clear();
    EXPECT_EQ(Objects(), 2) << nth;
    EXPECT_EQ(State(), KeyState::kRetired) << nth;
  }
  ASSERT_THAT(Destroy(), IsOk());
  EXPECT_EQ(Objects(), 0);
}

}  // namespace
}  // namespace rootkeep::pkcs11
