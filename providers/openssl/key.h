// What a keymgmt of this provider has for an EVP_PKEY.
#pragma once

#include <openssl/core_dispatch.h>
#include <openssl/evp.h>

#include "providers/openssl/context.h"
#include "providers/openssl/custody.h"

namespace rootkeep::provider {

enum class Kind : std::uint8_t { kEc, kRsa, kEd25519 };
inline constexpr std::array kAllKinds{Kind::kEc, Kind::kRsa, Kind::kEd25519};

// OpenSSL's name of a kind's keys.
const char* NameOf(Kind kind) noexcept;
Kind KindOf(keysocket::WireType type) noexcept;

struct FreePkey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using Pkey = std::unique_ptr<EVP_PKEY, FreePkey>;

// A private key that the agent has. Immutable.
struct AgentKey {
  keysocket::Client* client = nullptr;  // lives as long as the provider
  keysocket::Fingerprint fingerprint{};
  keysocket::WireType type = keysocket::WireType::kEcP256;
  std::uint32_t schemes = 0;
  FixedText<keysocket::kMaxUri> uri;
  Custody custody;  // as it was when the key was loaded

  [[nodiscard]] bool Signs(keysocket::WireScheme scheme) const noexcept {
    return (schemes >> static_cast<unsigned>(scheme) & 1U) != 0;
  }
};

// Counted references. One of an agent's is immutable, and so shared by what OpenSSL calls duplicates. Any other is an
// ordinary key of OpenSSL's default provider, in the provider's own library context: OpenSSL asks this provider for
// such ones when it is listed first (providers/openssl/README.md).
class Key {
 public:
  // Without material yet; null without memory.
  static Key* New(Context& context, Kind kind) noexcept;
  static Key* New(Context& context, Kind kind, Pkey material, unsigned selection) noexcept;

  Key* Share() noexcept {
    references_.fetch_add(1, std::memory_order_relaxed);
    return this;
  }
  void Release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  [[nodiscard]] Context& context() const noexcept { return context_; }
  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  // Null unless the private key is an agent's.
  [[nodiscard]] const AgentKey* agent() const noexcept { return agent_.get(); }
  // The public key of an agent's, all of any other; null while there is none.
  [[nodiscard]] EVP_PKEY* material() const noexcept { return material_.get(); }
  // Which of OSSL_KEYMGMT_SELECT_* there is.
  [[nodiscard]] bool Has(int selection) const noexcept {
    return (has_ & static_cast<unsigned>(selection)) == static_cast<unsigned>(selection);
  }

  // Before anybody else has it.
  void SetMaterial(Pkey material, unsigned selection) noexcept {
    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0) context_.KeepLibrary();
    material_ = std::move(material);
    has_ |= selection;
  }
  void SetAgent(std::unique_ptr<const AgentKey> agent) noexcept {
    agent_ = std::move(agent);
    has_ |= OSSL_KEYMGMT_SELECT_ALL;
  }
  void Add(unsigned selection) noexcept { has_ |= selection; }

 private:
  Key(Context& context, Kind kind) noexcept : context_(context), kind_(kind) {}

  std::atomic<int> references_{1};
  Context& context_;
  const Kind kind_;
  unsigned has_ = 0;
  Pkey material_;
  std::unique_ptr<const AgentKey> agent_;
};

struct ReleaseKey {
  void operator()(Key* key) const noexcept { key->Release(); }
};
using KeyHolder = std::unique_ptr<Key, ReleaseKey>;

}  // namespace rootkeep::provider
