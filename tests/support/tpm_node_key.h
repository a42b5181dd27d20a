// A node key in a TPM simulator, made without Rootkeep's key store.
#pragma once

#include "attestation/attester/key_to_certify.h"
#include "tests/support/esys.h"

namespace rootkeep::testing {

// P-256 below the storage root key of SrkTemplate(), with an auth value, loaded anew each time that it is used.
// Failures to make it abort the test program.
class TpmNodeKey final : public attestation::KeyToCertify {
 public:
  explicit TpmNodeKey(const SwTpm& tpm);

  [[nodiscard]] const Bytes& public_area() const override { return public_area_; }
  [[nodiscard]] const Bytes& parent_area() const override { return parent_area_; }
  [[nodiscard]] Result<Loaded> Load(tpm2::Connection& connection) const override;

  // DER of a PKCS#10 request with an empty subject, signed in the TPM.
  [[nodiscard]] Bytes Csr(const SwTpm& tpm) const;

 private:
  Status Make(const Esys& esys);
  // The caller flushes it.
  Result<ESYS_TR> LoadInto(ESYS_CONTEXT* esys) const;

  TPM2B_PRIVATE private_{};
  TPM2B_PUBLIC public_{};
  Bytes public_area_;
  Bytes parent_area_;
};

}  // namespace rootkeep::testing
