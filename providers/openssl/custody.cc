#include "providers/openssl/custody.h"

#include <cstdio>

namespace rootkeep::provider {
namespace {

using keysocket::WireFact;
using keysocket::WireFacts;

const char* Say(WireFact fact, const char* yes, const char* no, const char* unsaid) noexcept {
  return fact == WireFact::kYes ? yes : fact == WireFact::kNo ? no : unsaid;
}

template <std::size_t kMost>
void CopyPrintable(std::string_view text, FixedText<kMost>& out) noexcept {
  std::array<char, kMost> printable{};
  text = text.substr(0, kMost);
  std::transform(text.begin(), text.end(), printable.begin(), [](char c) { return c < ' ' || c > '~' ? '?' : c; });
  (void)out.Set({printable.data(), text.size()});
}

}  // namespace

Custody CustodyOf(const keysocket::KeyDescription& said) noexcept {
  Custody custody;
  custody.voucher = said.voucher;
  custody.facts = said.facts;
  custody.facts.other_usages = {};
  CopyPrintable(said.facts.other_usages, custody.other_usages);
  CopyPrintable(said.device.label, custody.token);
  CopyPrintable(said.device.serial, custody.serial);
  return custody;
}

CustodyText Describe(const WireFacts& facts) noexcept {
  std::array<char, 161> text{};
  std::snprintf(
      text.data(), text.size(), "%s, %s, %s, %s, %s",
      Say(facts.sensitive, "sensitive", "NOT sensitive", "sensitivity not reported"),
      Say(facts.extractable, "EXTRACTABLE", "not extractable", "extractability not reported"),
      Say(facts.always_sensitive, "always sensitive", "NOT always sensitive", "past sensitivity not reported"),
      Say(facts.never_extractable, "never extractable", "ONCE EXTRACTABLE", "past extractability not reported"),
      Say(facts.local, "generated in the token", "NOT generated in the token", "origin not reported"));
  CustodyText out;
  (void)out.Set(text.data());
  return out;
}

const char* VoucherText(keysocket::WireVoucher voucher) noexcept {
  return voucher == keysocket::WireVoucher::kTokenSoftware ? "claimed by token (software, for tests)"
                                                           : "claimed by token";
}

bool ClaimsNonExportable(const WireFacts& facts) noexcept {
  return facts.sensitive == WireFact::kYes && facts.extractable == WireFact::kNo &&
         facts.always_sensitive == WireFact::kYes && facts.never_extractable == WireFact::kYes &&
         facts.local == WireFact::kYes;
}

}  // namespace rootkeep::provider
