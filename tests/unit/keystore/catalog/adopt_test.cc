#include "keystore/catalog/adopt.h"

#include "tests/support/matchers.h"
#include "tests/support/software_signer.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {
namespace {

const WallTime kNow = FromUnixSeconds(1'800'000'000);

class AdoptTest : public ::testing::Test {
 protected:
  static KeyInfo Key(const SoftwareSigner& signer, const std::string& label) {
    KeyInfo key = signer.info();
    key.label = label;
    key.named = ParseKeyLabel(label);
    key.custody = {.sensitive = true,
                   .extractable = false,
                   .always_sensitive = true,
                   .never_extractable = true,
                   .local = true,
                   .other_usages = ""};
    return key;
  }

  TempDir dir_;
  const std::unique_ptr<Catalog> catalog_ = Catalog::Open(dir_ / "keys.db").value();
  const SoftwareSigner signer_{"P-256"};
};

TEST_F(AdoptTest, MakesAKeyActive) {
  const KeyInfo key = Key(signer_, "rk/app/web/3");
  ASSERT_THAT(Adopt(*catalog_, key, CustodyLevel::kLocalOnly, {"operator"}, kNow), IsOk());
  const CatalogEntry row = catalog_->Find("rk/app/web/3").value().value();
  EXPECT_EQ(row.state, KeyState::kActive);
  EXPECT_EQ(row.users, std::vector<std::string>{"operator"});
  EXPECT_EQ(row.key->public_key, key.public_key);
  EXPECT_THAT(Adopt(*catalog_, key, CustodyLevel::kLocalOnly, {}, kNow), HasCode(Code::kAlreadyExists));
}

TEST_F(AdoptTest, RefusesWhatIsNotInThatCustody) {
  KeyInfo key = Key(signer_, "rk/app/web/1");
  key.custody.extractable = true;
  EXPECT_THAT(Adopt(*catalog_, key, CustodyLevel::kLocalOnly, {}, kNow), HasReason("custody"));
  EXPECT_THAT(Adopt(*catalog_, Key(signer_, "stranger"), CustodyLevel::kLocalOnly, {}, kNow), HasReason("custody"));
  EXPECT_TRUE(catalog_->List()->empty());
}

TEST_F(AdoptTest, LeavesAKnownKeyAsItIs) {
  const KeyInfo key = Key(signer_, "rk/app/web/1");
  ASSERT_THAT(AdoptUnlessKnown(*catalog_, key, CustodyLevel::kLocalOnly, {"operator"}, kNow), IsOk());
  ASSERT_THAT(catalog_->Retire("rk/app/web/1", kNow), IsOk());
  const KeyInfo renamed = Key(signer_, "rk/app/web/2");
  const KeyInfo another = Key(SoftwareSigner("P-256"), "rk/app/web/1");
  for (const KeyInfo& known : {key, renamed, another}) {
    EXPECT_THAT(AdoptUnlessKnown(*catalog_, known, CustodyLevel::kLocalOnly, {"rootkeepd"}, kNow), IsOk());
  }
  ASSERT_EQ(catalog_->List()->size(), 1U);
  EXPECT_EQ(catalog_->List()->front().state, KeyState::kRetired);
  EXPECT_EQ(catalog_->List()->front().users, std::vector<std::string>{"operator"});
}

}  // namespace
}  // namespace rootkeep::testing
