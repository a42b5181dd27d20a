// A loop of bare ESAPI calls: what a TPM can do for one program that has it to itself.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "keystore/tpm2/auth_session.h"
#include "keystore/tpm2/connection.h"

namespace rootkeep::bench {

// A context of its own, a storage key, some P-256 keys with auth values, and a session if `mode` says so. With one key
// that is loaded and stays so; with several, each signature loads its key and flushes it. Everything is flushed at the
// end. For one thread.
class BareEsapi {
 public:
  static Result<std::unique_ptr<BareEsapi>> Open(const std::string& tcti, tpm2::SessionMode mode, std::size_t keys);

  // TPM2_Sign of a SHA-256 digest with one key after the other.
  Status Sign(ByteView digest);

 private:
  struct Key {
    TPM2B_PRIVATE private_area;
    TPM2B_PUBLIC public_area;
  };

  BareEsapi() = default;
  Status Create(std::size_t keys);
  Result<tpm2::Transient> Load(const Key& key);

  struct Tcti {
    TSS2_TCTI_CONTEXT* context = nullptr;
    ~Tcti();
  };
  struct Esys {
    ESYS_CONTEXT* context = nullptr;
    ~Esys();
  };

  Tcti tcti_;
  Esys esys_;  // ends before what it talks through
  tpm2::Transient storage_key_;
  tpm2::Transient session_;
  ESYS_TR authorisation_ = ESYS_TR_PASSWORD;
  std::vector<Key> keys_;
  std::size_t next_ = 0;
  tpm2::Transient loaded_;  // with one key
};

}  // namespace rootkeep::bench
