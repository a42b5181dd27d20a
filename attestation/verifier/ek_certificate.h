// One endorsement certificate by itself (TCG EK Credential Profile for TPM 2.0, §3): what it says, not who signed it.
#pragma once

#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"

namespace rootkeep::attestation {

// Names of the TPM in the subject alternative name (§3.1.2), printable ASCII.
struct TpmNames {
  std::string manufacturer;  // "id:" and the TCG vendor identifier in eight hexadecimal digits, upper case
  std::string model;
  std::string version;
};

// The certificate in what an NV index holds: without the header of the PC Client Specification for TPM 1.2 (§7.4.5:
// 0x1001, 0x00, size in two octets) and without the padding behind the DER. `contents` may also be the bare
// certificate. Views into `contents`. PERMISSION_DENIED "ek_certificate_malformed".
Result<ByteView> UnwrapEkCertificate(ByteView contents);

// At most kMaxCertificateSize octets that are one whole certificate as OpenSSL reads it, which bears the departures
// from DER that manufacturers are known for; original octets are what its signature is checked over.
// PERMISSION_DENIED with `reason`.
Result<ossl::Cert> ReadCertificate(ByteView der, std::string_view reason);

// The certificate's SubjectPublicKeyInfo is, octet for octet, `spki`, so that its algorithm is not id-RSAES-OAEP, which
// the profile of TPM 1.2 had (TCG Credential Profiles 1.2, §3.2.7) and that of TPM 2.0 has not. PERMISSION_DENIED
// "ek_certificate_key".
Status CheckEkCertificateKey(const X509* cert, ByteView spki);

// It is an endorsement certificate for a key of this type, and no other kind of certificate: version 3, a positive
// serial number, CA:FALSE, keyEncipherment (RSA) or keyAgreement (ECC) and no signing of certificates,
// tcg-kp-EKCertificate if there is an extended key usage, manufacturer, model and version, TPM 2.0 if a specification
// is named. PERMISSION_DENIED, the reason of the rule.
Result<TpmNames> CheckEkProfile(X509* cert, bool rsa);

}  // namespace rootkeep::attestation
