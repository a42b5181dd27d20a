// EC_KEY is deprecated and 10 % faster than EVP for a key that is used once.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tests/bench/floor/operations.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include <cstdlib>

namespace rootkeep::bench {

Bytes Sha256(ByteView message) {
  Bytes digest(SHA256_DIGEST_LENGTH);
  SHA256(message.data(), message.size(), digest.data());
  return digest;
}

bool VerifyCsr(const Csr& csr) {
  constexpr std::size_t kPointSize = 65;
  thread_local const ossl::Owned<EC_KEY, EC_KEY_free> key(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  const std::uint8_t* point = csr.spki.data() + csr.spki.size() - kPointSize;
  if (EC_KEY_oct2key(key.get(), point, kPointSize, nullptr) != 1) return false;
  const Bytes digest = Sha256(csr.info());
  return ECDSA_verify(0, digest.data(), static_cast<int>(digest.size()), csr.signature.data(),
                      static_cast<int>(csr.signature.size()), key.get()) == 1;
}

ResultChecker::ResultChecker(EVP_PKEY* public_key)
    : ec_(EVP_PKEY_is_a(public_key, "EC") == 1), ctx_(EVP_PKEY_CTX_new(public_key, nullptr)) {
  bool ready = EVP_PKEY_verify_init(ctx_.get()) == 1;
  ready = ready && EVP_PKEY_CTX_set_signature_md(ctx_.get(), EVP_sha256()) == 1;
  ready = ready && (ec_ || EVP_PKEY_CTX_set_rsa_padding(ctx_.get(), RSA_PKCS1_PADDING) == 1);
  if (!ready) std::abort();
}

bool ResultChecker::Verify(ByteView digest, ByteView signature) {
  Bytes der;
  if (ec_) {
    const std::size_t half = signature.size() / 2;
    const ossl::Owned<ECDSA_SIG, ECDSA_SIG_free> pair(ECDSA_SIG_new());
    ECDSA_SIG_set0(pair.get(), BN_bin2bn(signature.data(), static_cast<int>(half), nullptr),
                   BN_bin2bn(signature.data() + half, static_cast<int>(half), nullptr));
    der.resize(80);
    unsigned char* out = der.data();
    der.resize(static_cast<std::size_t>(i2d_ECDSA_SIG(pair.get(), &out)));
    signature = der;
  }
  return EVP_PKEY_verify(ctx_.get(), signature.data(), signature.size(), digest.data(), digest.size()) == 1;
}

}  // namespace rootkeep::bench
