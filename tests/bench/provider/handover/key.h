// OpenSSL's side of a bare signer.
#pragma once

#include <string>

#include "keystore/base/openssl.h"
#include "keystore/base/result.h"
#include "keystore/public_key.h"

namespace rootkeep::bench {

// A key whose signatures the bare signer at this socket makes; EC or RSA. Each thread that signs connects once and
// keeps its connection until it ends. Of OpenSSL's methods of old, which have less between application and key than a
// provider has.
Result<ossl::PKey> OpenBareKey(const PublicKey& key, const std::string& socket);

}  // namespace rootkeep::bench
