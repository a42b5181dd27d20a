// The key that a node gets its certificate for, as the attester needs it.
#pragma once

#include <tss2/tss2_esys.h>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "keystore/tpm2/handles.h"

namespace rootkeep::attestation {

// A key of the TPM that is attested. Thread-safe.
class NodeKey {
 public:
  // In the TPM, ready to be used.
  struct Loaded {
    tpm2::Transient key;      // with its auth value known to the ESYS context
    tpm2::Transient session;  // that authorizes its use; none: ESYS_TR_PASSWORD does

    [[nodiscard]] ESYS_TR authorization() const { return session.valid() ? session.get() : ESYS_TR_PASSWORD; }
  };

  NodeKey() = default;
  NodeKey(const NodeKey&) = delete;
  NodeKey& operator=(const NodeKey&) = delete;
  virtual ~NodeKey() = default;

  // TPMT_PUBLIC of the key, and of its parent; that is empty when it is not known.
  [[nodiscard]] virtual const Bytes& public_area() const = 0;
  [[nodiscard]] virtual const Bytes& parent_area() const = 0;

  // Inside a work of the Tpm's, with places in the TPM for two objects and a session.
  [[nodiscard]] virtual Result<Loaded> Load(ESYS_CONTEXT* esys) const = 0;
};

}  // namespace rootkeep::attestation
