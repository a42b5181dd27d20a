#include "keystore/pkcs11/generate.h"

#include <fmt/format.h>

#include <array>

#include "keystore/pkcs11/ckr.h"
#include "keystore/pkcs11/public_half.h"
#include "keystore/pkcs11/quirks.h"
#include "keystore/pkcs11/reasons.h"

namespace rootkeep::pkcs11 {
namespace {

constexpr auto kExponent = std::to_array<std::uint8_t>({0x01, 0x00, 0x01});

CK_MECHANISM_TYPE GeneratorOf(KeyType type) {
  if (IsRsa(type)) return CKM_RSA_PKCS_KEY_PAIR_GEN;
  return type == KeyType::kEd25519 ? CKM_EC_EDWARDS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN;
}

// As the mechanism's ulMinKeySize and ulMaxKeySize count: bits.
CK_ULONG SizeOf(KeyType type) {
  switch (type) {
    case KeyType::kEcP256:
    case KeyType::kEd25519: return 256;
    case KeyType::kEcP384: return 384;
    case KeyType::kRsa2048: return 2048;
    case KeyType::kRsa3072: return 3072;
    case KeyType::kRsa4096: return 4096;
  }
  return 0;
}

void FillPublic(Template& half, const KeySpec& spec, std::string_view label, ByteView id, const Quirks& quirks) {
  half.Bool(CKA_TOKEN, true).Bool(CKA_PRIVATE, false).Octets(CKA_ID, id).Text(CKA_LABEL, label);
  if (!quirks.halves_share_usages) half.Bool(CKA_VERIFY, true).Bool(CKA_ENCRYPT, false);
  half.Bool(CKA_WRAP, false).Bool(CKA_VERIFY_RECOVER, false);
  if (IsRsa(spec.type)) {
    half.Number(CKA_MODULUS_BITS, SizeOf(spec.type)).Octets(CKA_PUBLIC_EXPONENT, kExponent);
  } else {
    half.Octets(CKA_EC_PARAMS, CurveParameters(spec.type));
  }
}

void FillPrivate(Template& half, const KeySpec& spec, std::string_view label, ByteView id) {
  const bool backup = spec.custody == CustodyLevel::kHsmBackup;
  half.Bool(CKA_TOKEN, true).Bool(CKA_PRIVATE, true).Octets(CKA_ID, id).Text(CKA_LABEL, label);
  half.Bool(CKA_SENSITIVE, true).Bool(CKA_EXTRACTABLE, backup);
  if (backup) half.Bool(CKA_WRAP_WITH_TRUSTED, true);
  half.Bool(CKA_SIGN, true).Bool(CKA_SIGN_RECOVER, false);
  half.Bool(CKA_DECRYPT, false).Bool(CKA_UNWRAP, false).Bool(CKA_DERIVE, false);
}

}  // namespace

Status CheckOffered(const Module::Use& use, CK_SLOT_ID slot, KeyType type) {
  if (IsRsa(type) && use.module().quirks().rsa_signs_by_decrypting) {
    return Error(Code::kUnimplemented,
                 fmt::format("this module signs with a key of type {} only if it may decrypt too", KeyTypeName(type)))
        .WithHint("use a key of type ec-p256 or ec-p384");
  }
  CK_MECHANISM_INFO info{};
  const CK_RV rv = use->C_GetMechanismInfo(slot, GeneratorOf(type), &info);
  if (rv != CKR_OK) {
    return CkError("C_GetMechanismInfo", rv).Within(fmt::format("make a key of type {}", KeyTypeName(type)));
  }
  // Some tokens report Edwards curves with sizes of their own, and some RSA with none.
  const bool sized = info.ulMaxKeySize != 0 && type != KeyType::kEd25519;
  if (sized && (SizeOf(type) < info.ulMinKeySize || SizeOf(type) > info.ulMaxKeySize)) {
    return Error(Code::kUnimplemented, fmt::format("the token makes keys of {} to {} bits, not {}", info.ulMinKeySize,
                                                   info.ulMaxKeySize, KeyTypeName(type)));
  }
  return Ok();
}

Result<CK_OBJECT_HANDLE> GenerateKeyPair(const Module::Use& use, CK_SESSION_HANDLE session, const KeySpec& spec,
                                         std::string_view label, ByteView id) {
  Template public_half;
  Template private_half;
  FillPublic(public_half, spec, label, id, use.module().quirks());
  FillPrivate(private_half, spec, label, id);
  CK_MECHANISM mechanism{GeneratorOf(spec.type), nullptr, 0};
  CK_OBJECT_HANDLE public_key = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE private_key = CK_INVALID_HANDLE;
  const CK_RV rv = use->C_GenerateKeyPair(session, &mechanism, public_half.data(), public_half.size(),
                                          private_half.data(), private_half.size(), &public_key, &private_key);
  if (rv == CKR_DEVICE_MEMORY) {
    return CkError("C_GenerateKeyPair", rv)
        .WithReason(kReasonTokenFull)
        .WithHint("the token has no room for another key: rootkeep key list shows those that are RETIRED");
  }
  if (rv != CKR_OK) return CkError("C_GenerateKeyPair", rv);
  return private_key;
}

}  // namespace rootkeep::pkcs11
