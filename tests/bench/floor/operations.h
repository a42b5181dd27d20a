// The two checks no authority can leave out, done the fastest way OpenSSL 3.0 offers as a library.
#pragma once

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"
#include "signer/csr/csr.h"

namespace rootkeep::bench {

Bytes Sha256(ByteView message);

// Whether the signature of the CSR, which is parsed already, is its P-256 key's: proof of possession.
bool VerifyCsr(const Csr& csr);

// Verifies what one CA key signed; the key is decoded once. For one thread.
class ResultChecker {
 public:
  explicit ResultChecker(EVP_PKEY* public_key);
  // `signature` as RawSigner gives it.
  bool Verify(ByteView digest, ByteView signature);

 private:
  bool ec_;
  ossl::PKeyCtx ctx_;
};

}  // namespace rootkeep::bench
