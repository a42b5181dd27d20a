// A key in a private SoftHSM token, reached through bare PKCS#11 calls: what the token itself can do.
#pragma once

#include <p11-kit/pkcs11.h>

#include <memory>
#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::bench {

enum class RawKeyKind { kEcP256, kRsa2048 };

// One session, logged in, with the key's handle held. For one thread.
class RawSigner {
 public:
  // Signs a SHA-256 digest: ECDSA as r and s in 32 octets each, RSA as PKCS#1 v1.5. `signature` is reused.
  Status Sign(ByteView digest, Bytes& signature);

 private:
  friend class RawToken;
  RawSigner(CK_FUNCTION_LIST* api, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, RawKeyKind kind)
      : api_(api), session_(session), key_(key), kind_(kind) {}

  CK_FUNCTION_LIST* api_;
  CK_SESSION_HANDLE session_;
  CK_OBJECT_HANDLE key_;
  RawKeyKind kind_;
};

class RawToken {
 public:
  // Loads the module, makes a token in a temporary directory and a sensitive, sign-only key in it. Sets
  // SOFTHSM2_CONF of this process, so there can be one at a time.
  static Result<std::unique_ptr<RawToken>> Create(const std::string& module_path, RawKeyKind kind);
  ~RawToken();
  RawToken(const RawToken&) = delete;
  RawToken& operator=(const RawToken&) = delete;

  Result<RawSigner> OpenSigner();
  [[nodiscard]] EVP_PKEY* public_key() const { return public_key_.get(); }
  [[nodiscard]] RawKeyKind kind() const { return kind_; }

 private:
  explicit RawToken(RawKeyKind kind) : kind_(kind) {}
  Status Load(const std::string& module_path);
  Status InitToken();
  Status GenerateKey();
  Result<CK_SESSION_HANDLE> OpenSession(CK_FLAGS extra);
  Result<Bytes> ReadAttribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
  Status ReadPublicKey(CK_OBJECT_HANDLE object);

  RawKeyKind kind_;
  testing::TempDir directory_;
  void* library_ = nullptr;
  CK_FUNCTION_LIST* api_ = nullptr;
  CK_SLOT_ID slot_ = 0;
  CK_SESSION_HANDLE session_ = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE private_key_ = CK_INVALID_HANDLE;
  ossl::PKey public_key_;
};

}  // namespace rootkeep::bench
