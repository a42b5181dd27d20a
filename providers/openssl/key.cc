#include "providers/openssl/key.h"

namespace rootkeep::provider {

const char* NameOf(Kind kind) noexcept {
  switch (kind) {
    case Kind::kEc: return "EC";
    case Kind::kRsa: return "RSA";
    case Kind::kEd25519: return "ED25519";
  }
  return "";
}

Kind KindOf(keysocket::WireType type) noexcept {
  switch (type) {
    case keysocket::WireType::kEcP256:
    case keysocket::WireType::kEcP384: return Kind::kEc;
    case keysocket::WireType::kEd25519: return Kind::kEd25519;
    default: return Kind::kRsa;
  }
}

Key* Key::New(Context& context, Kind kind) noexcept { return new (std::nothrow) Key(context, kind); }

Key* Key::New(Context& context, Kind kind, Pkey material, unsigned selection) noexcept {
  Key* key = New(context, kind);
  if (key != nullptr) key->SetMaterial(std::move(material), selection);
  return key;
}

}  // namespace rootkeep::provider
