// The key that a node gets its certificate for, as the attester needs it.
#pragma once

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "keystore/tpm2/connection.h"

namespace rootkeep::attestation {

// A key of the TPM that is attested. Thread-safe.
class KeyToCertify {
 public:
  // In the TPM, ready to be used.
  struct Loaded {
    ESYS_TR key = ESYS_TR_NONE;          // with its auth value known to the ESYS context
    ESYS_TR session = ESYS_TR_PASSWORD;  // that authorizes its use
  };

  KeyToCertify() = default;
  KeyToCertify(const KeyToCertify&) = delete;
  KeyToCertify& operator=(const KeyToCertify&) = delete;
  virtual ~KeyToCertify() = default;

  // TPMT_PUBLIC of the key, and of its parent; that is empty when it is not known.
  [[nodiscard]] virtual const Bytes& public_area() const = 0;
  [[nodiscard]] virtual const Bytes& parent_area() const = 0;

  // Inside a work of the Tpm's, with places in the TPM for two objects and a session. What is loaded is the
  // connection's, which keeps it or flushes it after the work.
  [[nodiscard]] virtual Result<Loaded> Load(tpm2::Connection& connection) const = 0;
};

}  // namespace rootkeep::attestation
