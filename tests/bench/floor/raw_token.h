// A key in a private SoftHSM token, made as Rootkeep makes it and reached through bare PKCS#11 calls: what the token
// itself can do.
#pragma once

#include <p11-kit/pkcs11.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "keystore/base/bytes.h"
#include "keystore/key_info.h"
#include "tests/support/softhsm.h"

namespace rootkeep::bench {

// One session with the key's handle held: of a session copy where the token allows one, because SoftHSM opens the
// file of a token object for every signature. For one thread.
class RawSigner {
 public:
  // In a module where somebody is logged in to the token in this slot, and stays so.
  static Result<RawSigner> Open(const CK_FUNCTION_LIST* api, CK_SLOT_ID slot, const KeyInfo& key);

  // Signs a SHA-256 digest: ECDSA as r and s in 32 octets each, RSA as PKCS#1 v1.5. `signature` is reused.
  Status Sign(ByteView digest, Bytes& signature);
  // What a mechanism without a parameter makes of this.
  Status SignWith(CK_MECHANISM_TYPE mechanism, ByteView input, Bytes& signature);

  // Ends the session, and the key's copy with it; otherwise they last as long as the module is initialised.
  void Close() { api_->C_CloseSession(session_); }

 private:
  const CK_FUNCTION_LIST* api_ = nullptr;
  CK_SESSION_HANDLE session_ = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE key_ = CK_INVALID_HANDLE;
  bool rsa_ = false;
};

// The slot of the token with this label.
Result<CK_SLOT_ID> FindToken(const CK_FUNCTION_LIST* api, std::string_view label);

// At most one in a process.
class RawToken {
 public:
  // With a fresh key of this type in a fresh token, through a module that passes calls on to SoftHSM or SoftHSM itself.
  static Result<std::unique_ptr<RawToken>> Create(KeyType type,
                                                  std::string module_path = testing::SoftHsm::ModulePath());

  // With a key that is in the fixture's token already. The fixture must outlive it.
  static Result<std::unique_ptr<RawToken>> Of(testing::SoftHsm& softhsm, const KeyInfo& key);

  // A session of its own; closed with the token.
  Result<RawSigner> OpenSigner();
  [[nodiscard]] EVP_PKEY* public_key() const { return key_->public_key.pkey(); }

  // The same token and key for what opens them otherwise.
  testing::SoftHsm& softhsm() { return *softhsm_; }
  [[nodiscard]] const KeyInfo& key() const { return *key_; }

 private:
  explicit RawToken(testing::SoftHsm& softhsm) : softhsm_(&softhsm), store_(softhsm.OpenStore()) {}

  std::unique_ptr<testing::SoftHsm> own_;
  testing::SoftHsm* softhsm_;
  std::shared_ptr<KeyStore> store_;  // keeps the token logged in
  std::optional<KeyInfo> key_;
};

}  // namespace rootkeep::bench
