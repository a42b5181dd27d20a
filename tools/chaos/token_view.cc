#include "tools/chaos/token_view.h"

#include <array>

namespace rootkeep::chaos {

TokenView::TokenView(const CK_FUNCTION_LIST& real, CK_SLOT_ID slot) : real_(real) {
  if (real_.C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session_) != CKR_OK) {
    session_ = CK_INVALID_HANDLE;
  }
}

TokenView::~TokenView() {
  if (session_ != CK_INVALID_HANDLE) real_.C_CloseSession(session_);
}

std::vector<CK_OBJECT_HANDLE> TokenView::Find(CK_OBJECT_CLASS object_class, CK_ATTRIBUTE_TYPE type,
                                              std::string value) const {
  std::vector<CK_OBJECT_HANDLE> found;
  CK_BBOOL yes = CK_TRUE;
  auto wanted = std::to_array<CK_ATTRIBUTE>({{CKA_CLASS, &object_class, sizeof object_class},
                                             {CKA_TOKEN, &yes, sizeof yes},
                                             {type, value.data(), value.size()}});
  if (real_.C_FindObjectsInit(session_, wanted.data(), wanted.size()) != CKR_OK) return found;
  std::array<CK_OBJECT_HANDLE, 16> some{};
  CK_ULONG count = some.size();
  while (real_.C_FindObjects(session_, some.data(), some.size(), &count) == CKR_OK && count > 0) {
    found.insert(found.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(count));
  }
  real_.C_FindObjectsFinal(session_);
  return found;
}

std::optional<std::string> TokenView::Read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
  CK_ATTRIBUTE attribute{type, nullptr, 0};
  if (real_.C_GetAttributeValue(session_, object, &attribute, 1) != CKR_OK) return std::nullopt;
  if (attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION) return std::nullopt;
  std::string value(attribute.ulValueLen, '\0');
  attribute.pValue = value.data();
  if (real_.C_GetAttributeValue(session_, object, &attribute, 1) != CKR_OK) return std::nullopt;
  value.resize(attribute.ulValueLen);
  return value;
}

std::optional<CK_OBJECT_HANDLE> OtherKeyLike(const TokenView& view, CK_OBJECT_HANDLE key, const std::string& label) {
  const auto type = view.Read(key, CKA_KEY_TYPE);
  if (!type) return std::nullopt;
  const auto curve = view.Read(key, CKA_EC_PARAMS);
  const auto id = view.Read(key, CKA_ID);
  for (const CK_OBJECT_HANDLE other : view.Find(CKO_PRIVATE_KEY, CKA_KEY_TYPE, *type)) {
    if (view.Read(other, CKA_ID) == id || view.Read(other, CKA_EC_PARAMS) != curve) continue;
    if (!label.empty() && view.Read(other, CKA_LABEL) != label) continue;
    return other;
  }
  return std::nullopt;
}

}  // namespace rootkeep::chaos
