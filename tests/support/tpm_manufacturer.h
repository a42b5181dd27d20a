// A manufacturer of TPM simulators: a certificate authority of its own that vouches for the endorsement keys it makes.
#pragma once

#include <string>

#include "keystore/base/bytes.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {

// swtpm_setup with swtpm_localca in a private directory; a second one is a manufacturer that nobody trusts. Any number
// of threads may manufacture. Failures abort the test program.
class TpmManufacturer {
 public:
  // What the SAN of its EK certificates says (TCG EK Credential Profile §3.1.2).
  static constexpr const char* kManufacturer = "id:00001014";
  static constexpr const char* kModel = "swtpm";
  static constexpr const char* kVersion = "id:20191023";

  TpmManufacturer();
  TpmManufacturer(const TpmManufacturer&) = delete;
  TpmManufacturer& operator=(const TpmManufacturer&) = delete;

  // Writes the state of a new TPM into the existing, empty directory `state` (an absolute path). It has an RSA-2048 EK
  // (persistent 0x81010001, certificate in NV 0x01c00002), a P-384 EK (0x81010016, 0x01c00016), a platform certificate
  // (0x01c08000) and the PCR bank SHA-256. `name` becomes the subject's common name in the EK certificates.
  void Manufacture(const std::string& state, const std::string& name) const;

  // Its root and the issuer of EK certificates below it, DER.
  [[nodiscard]] Bytes RootCertificate() const;
  [[nodiscard]] Bytes IssuerCertificate() const;
  // Signs EK certificates; PEM, RSA.
  [[nodiscard]] std::string issuer_key_file() const { return directory_ / "ca/signkey.pem"; }

 private:
  const TempDir directory_;
};

}  // namespace rootkeep::testing
