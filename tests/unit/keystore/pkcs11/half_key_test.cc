// A destruction that is interrupted between the halves of a key, as the catalogue finishes it.
#include <filesystem>

#include "keystore/catalog/catalogued_store.h"
#include "keystore/catalog/destruction.h"
#include "tests/unit/keystore/pkcs11/chaos_fixture.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::HasCode;
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
  TheChaos().Set("fail C_DestroyObject CKR_FUNCTION_FAILED nth=2");
  EXPECT_THAT(Destroy(), ::testing::Not(IsOk()));
  EXPECT_EQ(Objects(), 1);
  EXPECT_EQ(State(), KeyState::kRetired);
  TheChaos().Clear();
  ASSERT_THAT(Destroy(), IsOk());
  EXPECT_EQ(Objects(), 0);
  EXPECT_EQ(State(), KeyState::kDestroyed);
  EXPECT_THAT(store_->deleter()->Delete(key_->uri, Soon()), HasCode(Code::kNotFound));
}

}  // namespace
}  // namespace rootkeep::pkcs11
