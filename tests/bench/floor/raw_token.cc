#include "tests/bench/floor/raw_token.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace rootkeep::bench {
namespace {

// DigestInfo for SHA-256 before the digest, RFC 8017 §9.2 note 1.
constexpr std::array<CK_BYTE, 19> kSha256Info = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                                 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

Deadline Soon() { return After(std::chrono::seconds(10)); }

Status Check(std::string_view call, CK_RV rv) {
  if (rv == CKR_OK) return Ok();
  return Internal(std::string(call)).WithNative({.domain = "CKR", .value = rv, .name = {}});
}

template <typename T>
CK_ATTRIBUTE Attribute(CK_ATTRIBUTE_TYPE type, T& value) {
  return {type, &value, sizeof(value)};
}

Result<CK_OBJECT_HANDLE> FindPrivateKey(const CK_FUNCTION_LIST* api, CK_SESSION_HANDLE session, Bytes id) {
  CK_OBJECT_CLASS object_class = CKO_PRIVATE_KEY;
  CK_BBOOL yes = CK_TRUE;  // not a copy in another session
  std::array wanted = {Attribute(CKA_CLASS, object_class), Attribute(CKA_TOKEN, yes),
                       CK_ATTRIBUTE{CKA_ID, id.data(), id.size()}};
  CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
  CK_ULONG found = 0;
  RK_RETURN_IF_ERROR(Check("C_FindObjectsInit", api->C_FindObjectsInit(session, wanted.data(), wanted.size())));
  RK_RETURN_IF_ERROR(Check("C_FindObjects", api->C_FindObjects(session, &key, 1, &found)));
  RK_RETURN_IF_ERROR(Check("C_FindObjectsFinal", api->C_FindObjectsFinal(session)));
  if (found != 1) return NotFound("the token has no such key");
  return key;
}

}  // namespace

// SoftHSM also shows a free slot as a token, without a label.
Result<CK_SLOT_ID> FindToken(const CK_FUNCTION_LIST* api, std::string_view label) {
  std::string padded(label);
  padded.resize(sizeof(CK_TOKEN_INFO::label), ' ');
  std::array<CK_SLOT_ID, 8> slots;
  CK_ULONG count = slots.size();
  RK_RETURN_IF_ERROR(Check("C_GetSlotList", api->C_GetSlotList(CK_TRUE, slots.data(), &count)));
  for (std::size_t i = 0; i < count; ++i) {
    CK_TOKEN_INFO info{};
    RK_RETURN_IF_ERROR(Check("C_GetTokenInfo", api->C_GetTokenInfo(slots[i], &info)));
    if (AsText({info.label, sizeof(info.label)}) == padded) return slots[i];
  }
  return NotFound("the module shows no token " + std::string(label));
}

Result<RawSigner> RawSigner::Open(const CK_FUNCTION_LIST* api, CK_SLOT_ID slot, const KeyInfo& key) {
  RawSigner signer;
  signer.api_ = api;
  signer.rsa_ = IsRsa(key.public_key.type());
  RK_RETURN_IF_ERROR(
      Check("C_OpenSession", api->C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &signer.session_)));
  const auto found = FindPrivateKey(api, signer.session_, key.id);
  if (!found.ok()) {
    signer.Close();
    return found.error();
  }
  signer.key_ = *found;
  CK_BBOOL no = CK_FALSE;
  std::array copy_template = {Attribute(CKA_TOKEN, no)};
  CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;
  const CK_RV copied =
      api->C_CopyObject(signer.session_, signer.key_, copy_template.data(), copy_template.size(), &copy);
  if (copied == CKR_OK) signer.key_ = copy;
  return signer;
}

Status RawSigner::Sign(ByteView digest, Bytes& signature) {
  if (!rsa_) return SignWith(CKM_ECDSA, digest, signature);
  std::array<CK_BYTE, kSha256Info.size() + 32> input;
  const auto end = std::ranges::copy(digest, std::ranges::copy(kSha256Info, input.begin()).out).out;
  return SignWith(CKM_RSA_PKCS, ByteView(input).first(static_cast<std::size_t>(end - input.begin())), signature);
}

Status RawSigner::SignWith(CK_MECHANISM_TYPE mechanism, ByteView input, Bytes& signature) {
  CK_MECHANISM chosen{mechanism, nullptr, 0};
  RK_RETURN_IF_ERROR(Check("C_SignInit", api_->C_SignInit(session_, &chosen, key_)));
  signature.resize(512);  // of RSA-4096
  CK_ULONG size = signature.size();
  auto* octets = const_cast<CK_BYTE*>(input.data());  // which C_Sign does not write to
  RK_RETURN_IF_ERROR(Check("C_Sign", api_->C_Sign(session_, octets, input.size(), signature.data(), &size)));
  signature.resize(size);
  return Ok();
}

Result<std::unique_ptr<RawToken>> RawToken::Create(KeyType type, std::string module_path) {
  auto softhsm = std::make_unique<testing::SoftHsm>(std::move(module_path));
  std::unique_ptr<RawToken> token(new RawToken(*softhsm));
  token->own_ = std::move(softhsm);
  RK_TRY(token->key_, token->store_->Create({.type = type, .use = KeyUse::kRootkeepCa, .name = "bench"}, Soon()));
  return token;
}

Result<std::unique_ptr<RawToken>> RawToken::Of(testing::SoftHsm& softhsm, const KeyInfo& key) {
  std::unique_ptr<RawToken> token(new RawToken(softhsm));
  RK_RETURN_IF_ERROR(token->store_->Open(key.uri, Soon()));  // logs in
  token->key_ = key;
  return token;
}

Result<RawSigner> RawToken::OpenSigner() {
  RK_TRY(const auto use, softhsm_->module()->Enter(Soon()));
  const CK_FUNCTION_LIST* api = use.operator->();  // nobody finalises the module before this token goes
  RK_TRY(const CK_SLOT_ID slot, FindToken(api, testing::SoftHsm::kLabel));
  return RawSigner::Open(api, slot, *key_);
}

}  // namespace rootkeep::bench
