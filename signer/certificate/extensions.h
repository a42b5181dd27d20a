// The extensions of a certificate, as its profile and decision say.
#pragma once

#include "signer/certificate/issuer.h"
#include "signer/der/writer.h"
#include "signer/issuance.h"

namespace rootkeep {

// Writes Extensions (RFC 5280 §4.1.2.9) in istiod's order: KeyUsage (critical), ExtKeyUsage, BasicConstraints
// (critical), SubjectKeyIdentifier (`subject_key_id`, unless empty), AuthorityKeyIdentifier, SubjectAltName (critical
// on leaves), NameConstraints (critical, unless nothing is excluded).
void WriteExtensions(der::Writer& writer, const Decision& decision, const IssuerView& issuer, ByteView subject_key_id);

}  // namespace rootkeep
