// Certificates as bytes: what is to be signed, and what comes of it once there is a signature.
#pragma once

#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "keystore/signature_scheme.h"
#include "signer/certificate/issuer.h"
#include "signer/issuance.h"

namespace rootkeep {

// A fresh serial: contents octets of a positive INTEGER, 20 of them (RFC 5280 §4.1.2.2): the time, then 128 bits from
// the random generator. The time, 30 bits of 1/64 s, only puts serials of one moment beside each other: in the
// ledger's unique index a batch then touches a page or two instead of one a certificate, which halves what an intent
// costs. Not to be called in a child forked without exec, which would draw its parent's bits again. INTERNAL when the
// generator fails.
Result<Bytes> NewSerial();

// DER TBSCertificate (RFC 5280 §4.1), version 3, saying what `decision` says. `serial` is what NewSerial gives.
// INTERNAL when the decision cannot be a certificate: a leaf without names, a CA without subject, a year before 1950 or
// past 2261, a key that is not a SubjectPublicKeyInfo. Lint judges everything else.
Result<Bytes> BuildTbs(const Decision& decision, const IssuerView& issuer, ByteView serial);

// DER Certificate. `tbs` was built for an issuer with this scheme.
Bytes AssembleCertificate(ByteView tbs, SignatureScheme scheme, ByteView signature);

// A PEM block labelled CERTIFICATE, ending in one line break.
std::string CertificatePem(ByteView der);

// RFC 5280 §4.2.1.2 method 1: SHA-1 of the key's bits in DER SubjectPublicKeyInfo, 20 octets. INTERNAL when it is none.
Result<Bytes> SubjectKeyId(ByteView spki);

}  // namespace rootkeep
