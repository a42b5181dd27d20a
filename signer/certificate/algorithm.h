// The AlgorithmIdentifier of a signature scheme.
#pragma once

#include "keystore/signature_scheme.h"
#include "signer/der/writer.h"

namespace rootkeep {

// RFC 5758 §3.2 (ECDSA, no parameters), RFC 4055 §5 (PKCS#1 v1.5, NULL) and §3.1 (PSS), RFC 8410 §3 (Ed25519).
void WriteAlgorithm(der::Writer& writer, SignatureScheme scheme);

}  // namespace rootkeep
