#include "keystore/key_info.h"

#include <fmt/format.h>

#include <array>

namespace rootkeep {
namespace {

Error Refused(const KeyInfo& key, std::string_view fact) {
  return FailedPrecondition(fmt::format("key \"{}\" in token \"{}\": {}", key.label, key.device.label, fact))
      .WithReason("custody");
}

// An attribute that the level needs with one value; a token that does not report it does not satisfy it.
struct Requirement {
  std::string_view attribute;
  const std::optional<bool> CustodyFacts::* fact;
  bool want;
};

constexpr std::array<Requirement, 5> kLocalOnly{{{"CKA_SENSITIVE", &CustodyFacts::sensitive, true},
                                                 {"CKA_EXTRACTABLE", &CustodyFacts::extractable, false},
                                                 {"CKA_ALWAYS_SENSITIVE", &CustodyFacts::always_sensitive, true},
                                                 {"CKA_NEVER_EXTRACTABLE", &CustodyFacts::never_extractable, true},
                                                 {"CKA_LOCAL", &CustodyFacts::local, true}}};
// A token whose backup wraps keys has to keep them extractable under wrapping; all else still holds.
constexpr std::array<Requirement, 3> kHsmBackup{{{"CKA_SENSITIVE", &CustodyFacts::sensitive, true},
                                                 {"CKA_ALWAYS_SENSITIVE", &CustodyFacts::always_sensitive, true},
                                                 {"CKA_LOCAL", &CustodyFacts::local, true}}};

Status CheckFacts(const KeyInfo& key, std::span<const Requirement> requirements) {
  for (const Requirement& need : requirements) {
    const auto& got = key.custody.*need.fact;
    if (!got) return Refused(key, fmt::format("the token does not report {}", need.attribute));
    if (*got != need.want) return Refused(key, fmt::format("{} is {}, want {}", need.attribute, *got, need.want));
  }
  return Ok();
}

std::string_view Say(const std::optional<bool>& fact, std::string_view if_true, std::string_view if_false,
                     std::string_view unknown) {
  if (!fact) return unknown;
  return *fact ? if_true : if_false;
}

}  // namespace

std::string_view VoucherText(Voucher voucher) {
  switch (voucher) {
    case Voucher::kTokenSoftware: return "claimed by token (software, for tests)";
    case Voucher::kToken: return "claimed by token";
    case Voucher::kAttested: return "attested";
  }
  return "claimed by token";
}

Status CheckCustody(const KeyInfo& key, KeyUse use, CustodyLevel level, bool production) {
  if (!key.named) return Refused(key, "its label is not rk/<use>/<name>/<generation>, so its use is unknown");
  if (key.named->use != use) {
    return Refused(key, fmt::format("its use is {}, want {}", KeyUseName(key.named->use), KeyUseName(use)));
  }
  RK_RETURN_IF_ERROR(level == CustodyLevel::kLocalOnly ? CheckFacts(key, kLocalOnly) : CheckFacts(key, kHsmBackup));
  if (!key.custody.other_usages.empty()) {
    return Refused(key, fmt::format("it allows more than signing: {}", key.custody.other_usages));
  }
  if (key.custody.always_authenticate.value_or(false)) {
    return Refused(key, "CKA_ALWAYS_AUTHENTICATE is true: it wants the PIN for every signature");
  }
  if (production && key.device.software) {
    return Refused(key, "a software token is refused when the configuration says production: true");
  }
  return Ok();
}

std::string DescribeCustody(const CustodyFacts& facts) {
  return fmt::format(
      "{}, {}, {}, {}, {}", Say(facts.sensitive, "sensitive", "NOT sensitive", "sensitivity not reported"),
      Say(facts.extractable, "EXTRACTABLE", "not extractable", "extractability not reported"),
      Say(facts.always_sensitive, "always sensitive", "NOT always sensitive", "past sensitivity not reported"),
      Say(facts.never_extractable, "never extractable", "ONCE EXTRACTABLE", "past extractability not reported"),
      Say(facts.local, "generated in the token", "NOT generated in the token", "origin not reported"));
}

}  // namespace rootkeep
