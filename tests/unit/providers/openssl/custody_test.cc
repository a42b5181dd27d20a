// The provider's words for custody are those of Rootkeep's own tools, from which it can take none.
#include "providers/openssl/custody.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "keystore/key_info.h"
#include "tests/support/software_signer.h"

namespace rootkeep::provider {
namespace {

using keysocket::WireFact;
using keysocket::WireFacts;
using keysocket::WireVoucher;

constexpr WireFact kFacts[] = {WireFact::kNo, WireFact::kYes, WireFact::kUnsaid};

std::optional<bool> AsTools(WireFact fact) {
  return fact == WireFact::kUnsaid ? std::nullopt : std::optional(fact == WireFact::kYes);
}

TEST(ProviderCustody, HasTheWordsOfTheTools) {
  const testing::SoftwareSigner signer("P-256");
  int kept = 0;
  for (int i = 0; i < 3 * 3 * 3 * 3 * 3; ++i) {
    const WireFacts facts{.sensitive = kFacts[i % 3],
                          .extractable = kFacts[i / 3 % 3],
                          .always_sensitive = kFacts[i / 9 % 3],
                          .never_extractable = kFacts[i / 27 % 3],
                          .local = kFacts[i / 81 % 3]};
    KeyInfo key = signer.info();
    key.label = "rk/app/web/1";
    key.named = ParseKeyLabel(key.label);
    key.custody.sensitive = AsTools(facts.sensitive);
    key.custody.extractable = AsTools(facts.extractable);
    key.custody.always_sensitive = AsTools(facts.always_sensitive);
    key.custody.never_extractable = AsTools(facts.never_extractable);
    key.custody.local = AsTools(facts.local);
    EXPECT_EQ(Describe(facts).view(), DescribeCustody(key.custody));
    EXPECT_EQ(ClaimsNonExportable(facts), CheckCustody(key, KeyUse::kApp, CustodyLevel::kLocalOnly, false).ok());
    kept += static_cast<int>(ClaimsNonExportable(facts));
  }
  EXPECT_EQ(kept, 1);
  EXPECT_EQ(VoucherText(WireVoucher::kToken), rootkeep::VoucherText(Voucher::kToken));
  EXPECT_EQ(VoucherText(WireVoucher::kTokenSoftware), rootkeep::VoucherText(Voucher::kTokenSoftware));
}

TEST(ProviderCustody, ShowsNothingThatMovesACursor) {
  keysocket::KeyDescription said;
  const std::string usages = "decrypt\x1b[2J" + std::string(200, 'x');
  said.facts.other_usages = usages;
  said.device.label = "to\nken\xff";
  said.device.serial = "1234";
  const Custody custody = CustodyOf(said);
  EXPECT_THAT(std::string(custody.other_usages.view()), ::testing::StartsWith("decrypt?[2Jxxx"));
  EXPECT_EQ(custody.other_usages.view().size(), keysocket::kMaxUsages);
  EXPECT_EQ(custody.token.view(), "to?ken?");
  EXPECT_EQ(custody.serial.view(), "1234");
  EXPECT_TRUE(custody.facts.other_usages.empty()) << "the message is gone by then";
}

}  // namespace
}  // namespace rootkeep::provider
