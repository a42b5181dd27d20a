#include "keystore/pkcs11/private_keys.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "keystore/pkcs11/public_half.h"
#include "keystore/pkcs11/reasons.h"

namespace rootkeep::pkcs11 {
namespace {

constexpr std::size_t kMaxKeys = 10'000;

Result<std::vector<CK_OBJECT_HANDLE>> Find(const Module::Use& use, CK_SESSION_HANDLE session, CK_OBJECT_CLASS kind,
                                           ByteView id, std::string_view label) {
  Template search;
  search.Number(CKA_CLASS, kind);
  if (!id.empty()) search.Octets(CKA_ID, id);
  if (!label.empty()) search.Text(CKA_LABEL, label);
  return FindObjects(use, session, search, kMaxKeys);
}

// Uses beyond signing, with the words that CustodyFacts::other_usages is made of.
constexpr std::array<std::pair<CK_ATTRIBUTE_TYPE, std::string_view>, 4> kOtherUsages{
    {{CKA_DECRYPT, "decrypt"}, {CKA_UNWRAP, "unwrap"}, {CKA_DERIVE, "derive"}, {CKA_SIGN_RECOVER, "sign-recover"}}};

std::string OtherUsages(const Attributes& read) {
  std::string usages;
  for (const auto& [attribute, word] : kOtherUsages) {
    if (!read.Bool(attribute).value_or(false)) continue;
    if (!usages.empty()) usages += ", ";
    usages += word;
  }
  return usages;
}

CustodyFacts FactsOf(const Attributes& read) {
  return {.sensitive = read.Bool(CKA_SENSITIVE),
          .extractable = read.Bool(CKA_EXTRACTABLE),
          .always_sensitive = read.Bool(CKA_ALWAYS_SENSITIVE),
          .never_extractable = read.Bool(CKA_NEVER_EXTRACTABLE),
          .local = read.Bool(CKA_LOCAL),
          .modifiable = read.Bool(CKA_MODIFIABLE),
          .always_authenticate = read.Bool(CKA_ALWAYS_AUTHENTICATE),
          .other_usages = OtherUsages(read)};
}

Error Unusable(std::string_view label, std::string_view why) {
  return FailedPrecondition(fmt::format("private key \"{}\": {}", label, why)).WithReason(kReasonKeyUnusable);
}

}  // namespace

Result<std::vector<CK_OBJECT_HANDLE>> FindPrivateKeys(const Module::Use& use, CK_SESSION_HANDLE session, ByteView id,
                                                      std::string_view label) {
  return Find(use, session, CKO_PRIVATE_KEY, id, label);
}

Result<CK_OBJECT_HANDLE> OnlyOne(const std::vector<CK_OBJECT_HANDLE>& found, std::string_view what, Error none) {
  if (found.empty()) return none;
  if (found.size() == 1) return found.front();
  return FailedPrecondition(fmt::format("{} keys answer to {}", found.size(), what))
      .WithReason(kReasonKeyAmbiguous)
      .WithHint("name the key by id and label");
}

Result<std::vector<CK_OBJECT_HANDLE>> FindPublicKeys(const Module::Use& use, CK_SESSION_HANDLE session, ByteView id,
                                                     std::string_view label) {
  return Find(use, session, CKO_PUBLIC_KEY, id, label);
}

Result<std::vector<CK_OBJECT_HANDLE>> FindPublicHalves(const Module::Use& use, CK_SESSION_HANDLE session, ByteView id,
                                                       std::string_view label) {
  RK_TRY(auto found, FindPublicKeys(use, session, id, {}));
  if (found.size() <= 1) return found;
  return FindPublicKeys(use, session, id, label);
}

Result<CK_OBJECT_HANDLE> FindPublicHalf(const Module::Use& use, CK_SESSION_HANDLE session, ByteView id,
                                        std::string_view label) {
  RK_TRY(const auto found, FindPublicHalves(use, session, id, label));
  if (found.size() == 1) return found.front();
  return Unusable(label, fmt::format("{} public keys on the token have its CKA_ID, want 1", found.size()));
}

Result<KeyInfo> DescribeKey(const Module::Use& use, CK_SESSION_HANDLE session, const Token& token,
                            CK_OBJECT_HANDLE private_key) {
  RK_TRY(const Attributes read,
         Attributes::Read(
             use, session, private_key,
             {CKA_ID, CKA_LABEL, CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_LOCAL,
              CKA_MODIFIABLE, CKA_ALWAYS_AUTHENTICATE, CKA_DECRYPT, CKA_UNWRAP, CKA_DERIVE, CKA_SIGN_RECOVER}));
  const std::string label(AsText(read.Octets(CKA_LABEL)));
  const Bytes& id = read.Octets(CKA_ID);
  if (id.empty()) return Unusable(label, "it has no CKA_ID");
  RK_TRY(const CK_OBJECT_HANDLE public_key, FindPublicHalf(use, session, id, label));
  auto half = ReadPublicHalf(use, session, public_key);
  if (!half.ok() && half.error().code() == Code::kInvalidArgument && half.error().native().domain != "CKR") {
    return Unusable(label, half.error().message());
  }
  RK_TRY(PublicKey public_half, std::move(half));
  KeyUri uri{
      .token_label = token.device.label, .token_serial = token.device.serial, .object_label = label, .object_id = id};
  return KeyInfo{.uri = std::move(uri),
                 .label = label,
                 .id = id,
                 .named = ParseKeyLabel(label),
                 .public_key = std::move(public_half),
                 .custody = FactsOf(read),
                 .voucher = token.device.software ? Voucher::kTokenSoftware : Voucher::kToken,
                 .device = token.device};
}

}  // namespace rootkeep::pkcs11
