// What the TCG put into certificates: object identifiers, names of the TPM, the specification it follows.
#pragma once

#include <array>

#include "attestation/verifier/ek_certificate.h"

namespace rootkeep::attestation {

// Contents octets of object identifiers below 2.23.133, the TCG's arc.
inline constexpr std::array<std::uint8_t, 5> kOidManufacturer{0x67, 0x81, 0x05, 0x02, 0x01};   // 2.23.133.2.1
inline constexpr std::array<std::uint8_t, 5> kOidModel{0x67, 0x81, 0x05, 0x02, 0x02};          // 2.23.133.2.2
inline constexpr std::array<std::uint8_t, 5> kOidVersion{0x67, 0x81, 0x05, 0x02, 0x03};        // 2.23.133.2.3
inline constexpr std::array<std::uint8_t, 5> kOidSpecification{0x67, 0x81, 0x05, 0x02, 0x10};  // 2.23.133.2.16
inline constexpr std::array<std::uint8_t, 5> kOidEkCertificate{0x67, 0x81, 0x05, 0x08, 0x01};  // 2.23.133.8.1

bool IsOid(const ASN1_OBJECT* object, ByteView contents);

inline void FreeOctets(unsigned char* octets) { OPENSSL_free(octets); }

// "id:" and eight hexadecimal digits, the digits in upper case, so that lists of manufacturers compare. Empty for
// anything else.
std::string NormalisedManufacturer(std::string_view text);

// Each attribute once, in one directoryName of the subject alternative name, in any order and grouping into RDNs; the
// extension is critical when the subject is empty. PERMISSION_DENIED "ek_certificate_names".
Result<TpmNames> ReadTpmNames(const X509* cert);

// Where the subject directory attributes name a tPMSpecification (§3.1.3), its family is "2.0". PERMISSION_DENIED
// "ek_certificate_specification".
Status CheckTpmSpecification(const X509* cert);

}  // namespace rootkeep::attestation
