// What a certificate takes from its issuer.
#pragma once

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "keystore/signature_scheme.h"

namespace rootkeep {

// Views into whoever owns the issuer (an Authority), which outlives them. A self-signed root is its own issuer, without
// a key id.
struct IssuerView {
  SignatureScheme scheme = SignatureScheme::kEcdsaSha256;
  ByteView name;    // DER Name
  ByteView key_id;  // SubjectKeyIdentifier, octets; empty: certificates get no AuthorityKeyIdentifier
  WallTime not_after;
};

}  // namespace rootkeep
