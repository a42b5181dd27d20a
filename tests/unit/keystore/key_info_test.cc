#include "keystore/key_info.h"

#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::IsOk;
using testing::Says;

KeyInfo GoodKey() {
  return {.uri = {},
          .label = "rk/rootkeep-ca/mesh/1",
          .id = Bytes(16),
          .named = LabelParts{KeyUse::kRootkeepCa, "mesh", 1},
          .public_key = *PublicKey::FromSpki(testing::MakeSpki("P-256")),
          .custody = {.sensitive = true,
                      .extractable = false,
                      .always_sensitive = true,
                      .never_extractable = true,
                      .local = true},
          .voucher = Voucher::kToken,
          .device = {.label = "t"}};
}

Status Check(const KeyInfo& key, bool production = false) {
  return CheckCustody(key, KeyUse::kRootkeepCa, CustodyLevel::kLocalOnly, production);
}

TEST(CheckCustody, AcceptsAKeyThatNeverLeft) { EXPECT_THAT(Check(GoodKey(), true), IsOk()); }

TEST(CheckCustody, NamesTheFactThatFailed) {
  KeyInfo key = GoodKey();
  key.custody.extractable = true;
  EXPECT_THAT(Check(key), Says("CKA_EXTRACTABLE is true"));
  key = GoodKey();
  key.custody.local = false;
  EXPECT_THAT(Check(key), Says("CKA_LOCAL is false"));
  key = GoodKey();
  key.custody.never_extractable.reset();
  EXPECT_THAT(Check(key), Says("does not report CKA_NEVER_EXTRACTABLE"));
  key = GoodKey();
  key.custody.other_usages = "decrypt";
  EXPECT_THAT(Check(key), Says("more than signing: decrypt"));
}

TEST(CheckCustody, RefusesAnotherUse) {
  KeyInfo key = GoodKey();
  key.named->use = KeyUse::kApp;
  EXPECT_THAT(Check(key), Says("its use is app, want rootkeep-ca"));
  key.named.reset();
  EXPECT_THAT(Check(key), HasCode(Code::kFailedPrecondition));
}

TEST(CheckCustody, ProductionRefusesSoftware) {
  KeyInfo key = GoodKey();
  key.device.software = true;
  EXPECT_THAT(Check(key, false), IsOk());
  EXPECT_THAT(Check(key, true), HasCode(Code::kFailedPrecondition));
}

}  // namespace
}  // namespace rootkeep
