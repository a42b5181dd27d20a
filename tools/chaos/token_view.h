// A look into the real token beside the application's own operations.
#pragma once

#include <p11-kit/pkcs11.h>

#include <optional>
#include <string>
#include <vector>

namespace rootkeep::chaos {

// A session of its own, as long as it lives; the application's login holds in it. It finds nothing when the session
// cannot be opened.
class TokenView {
 public:
  TokenView(const CK_FUNCTION_LIST& real, CK_SLOT_ID slot);
  TokenView(const TokenView&) = delete;
  TokenView& operator=(const TokenView&) = delete;
  ~TokenView();

  // Objects of the token, not of sessions, with this class and this value of one attribute.
  [[nodiscard]] std::vector<CK_OBJECT_HANDLE> Find(CK_OBJECT_CLASS object_class, CK_ATTRIBUTE_TYPE type,
                                                   std::string value) const;
  // None when it has none or does not show it.
  [[nodiscard]] std::optional<std::string> Read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;

 private:
  const CK_FUNCTION_LIST& real_;
  CK_SESSION_HANDLE session_ = CK_INVALID_HANDLE;
};

// Another private key of the same type and curve, with another id; with this label, unless it is empty.
std::optional<CK_OBJECT_HANDLE> OtherKeyLike(const TokenView& view, CK_OBJECT_HANDLE key, const std::string& label);

// A number or truth value as an attribute holds it.
template <typename T>
std::string AttributeOctets(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace rootkeep::chaos
