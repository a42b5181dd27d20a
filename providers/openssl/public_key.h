// From the public key that an agent describes to one of OpenSSL's.
#pragma once

#include "providers/openssl/key.h"

namespace rootkeep::provider {

// From DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) of exactly this type, in the context's own library context. Null
// for anything else, and without memory. Not by d2i_PUBKEY, which collects all decoders there are for each key: that
// takes longer than everything else of loading one.
Pkey ReadPublicKey(Context& context, keysocket::WireType type, keysocket::Octets spki) noexcept;

}  // namespace rootkeep::provider
