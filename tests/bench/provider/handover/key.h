// OpenSSL's side of a handover signer.
#pragma once

#include <string>

#include "keystore/base/openssl.h"
#include "keystore/public_key.h"

namespace rootkeep::bench {

// A key whose signatures the handover signer at this socket makes, by an EC_KEY_METHOD or RSA_METHOD (deprecated in
// OpenSSL 3.0). Each thread that signs connects once and keeps its connection until it ends. Null, with OpenSSL's
// errors queued, when it cannot be made.
ossl::PKey OpenHandoverKey(const PublicKey& key, const std::string& path);

}  // namespace rootkeep::bench
