#include "attestation/verifier/credential_seed.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <array>

#include "attestation/verifier/kdf.h"
#include "attestation/wire/id_object.h"
#include "keystore/base/random.h"

namespace rootkeep::attestation {
namespace {

constexpr std::string_view kIdentity = "IDENTITY";

Error OpenSslError(std::string_view call) { return ossl::TakeError(Code::kInternal, call); }

// RSAES-OAEP (RFC 8017 §7.1); the label is "IDENTITY" with the zero octet that ends it.
Result<Bytes> EncryptOaep(EVP_PKEY* key, const EVP_MD* md, ByteView plain) {
  const ossl::PKeyCtx ctx(EVP_PKEY_CTX_new(key, nullptr));
  if (ctx == nullptr || EVP_PKEY_encrypt_init(ctx.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
      EVP_PKEY_CTX_set_rsa_oaep_md(ctx.get(), md) != 1 || EVP_PKEY_CTX_set_rsa_mgf1_md(ctx.get(), md) != 1) {
    return OpenSslError("EVP_PKEY_encrypt_init");
  }
  constexpr int kLabelSize = kIdentity.size() + 1;
  void* label = OPENSSL_memdup(kIdentity.data(), kLabelSize);  // a literal, so its zero octet is there
  if (label == nullptr || EVP_PKEY_CTX_set0_rsa_oaep_label(ctx.get(), label, kLabelSize) != 1) {
    OPENSSL_free(label);
    return OpenSslError("EVP_PKEY_CTX_set0_rsa_oaep_label");
  }
  std::size_t size = 0;
  if (EVP_PKEY_encrypt(ctx.get(), nullptr, &size, plain.data(), plain.size()) != 1) {
    return OpenSslError("EVP_PKEY_encrypt");
  }
  Bytes out(size);
  if (EVP_PKEY_encrypt(ctx.get(), out.data(), &size, plain.data(), plain.size()) != 1) {
    return OpenSslError("EVP_PKEY_encrypt");
  }
  out.resize(size);
  return out;
}

Result<CredentialSeed> ForRsa(const EndorsementKey& ek) {
  RK_TRY(Bytes octets, RandomBytes(HashSize(ek.area.name_alg)));
  SecretBytes seed(std::move(octets));
  RK_TRY(const Bytes ciphertext, EncryptOaep(ek.key.get(), HashMd(ek.area.name_alg), seed.RevealForUse()));
  return CredentialSeed{.seed = std::move(seed), .encrypted_secret = RsaEncryptedSecret(ciphertext)};
}

struct Point {
  Bytes x;
  Bytes y;
};

Result<Bytes> Coordinate(EVP_PKEY* key, const char* which, std::size_t size) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, which, &number) != 1) return OpenSslError("EVP_PKEY_get_bn_param");
  const ossl::BigNum owned(number);
  Bytes octets(size);
  if (BN_bn2binpad(number, octets.data(), static_cast<int>(size)) != static_cast<int>(size)) {
    return OpenSslError("BN_bn2binpad");
  }
  return octets;
}

Result<Point> PointOf(EVP_PKEY* key, std::size_t size) {
  RK_TRY(Bytes x, Coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, size));
  RK_TRY(Bytes y, Coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, size));
  return Point{.x = std::move(x), .y = std::move(y)};
}

// A fresh key on the curve of `key`.
Result<ossl::PKey> EphemeralKey(EVP_PKEY* key) {
  const ossl::PKeyCtx ctx(EVP_PKEY_CTX_new(key, nullptr));
  EVP_PKEY* made = nullptr;
  if (ctx == nullptr || EVP_PKEY_keygen_init(ctx.get()) != 1 || EVP_PKEY_generate(ctx.get(), &made) != 1) {
    return OpenSslError("EVP_PKEY_generate");
  }
  return ossl::PKey(made);
}

// The x coordinate of the shared point, which OpenSSL pads to the curve's size (SEC 1 §3.3.1). That `peer` is on its
// curve was checked when it was made (ToPKey), and these curves have no other points (cofactor 1, SP 800-56A
// §5.6.2.3.4); what OpenSSL would check again takes as long as the agreement.
Result<SecretBytes> Ecdh(EVP_PKEY* own, EVP_PKEY* peer) {
  const ossl::PKeyCtx ctx(EVP_PKEY_CTX_new(own, nullptr));
  std::size_t size = 0;
  if (ctx == nullptr || EVP_PKEY_derive_init(ctx.get()) != 1 || EVP_PKEY_derive_set_peer_ex(ctx.get(), peer, 0) != 1 ||
      EVP_PKEY_derive(ctx.get(), nullptr, &size) != 1) {
    return OpenSslError("EVP_PKEY_derive_init");
  }
  Bytes z(size);
  if (EVP_PKEY_derive(ctx.get(), z.data(), &size) != 1 || size != z.size()) return OpenSslError("EVP_PKEY_derive");
  return SecretBytes(std::move(z));
}

Result<CredentialSeed> ForEcc(const EndorsementKey& ek, const EccKey& ecc) {
  const std::size_t size = CoordinateSize(ecc.curve);
  RK_TRY(const ossl::PKey ephemeral, EphemeralKey(ek.key.get()));
  RK_TRY(const Point point, PointOf(ephemeral.get(), size));
  RK_TRY(const Point ek_point, PointOf(ek.key.get(), size));
  RK_TRY(const SecretBytes z, Ecdh(ephemeral.get(), ek.key.get()));
  const auto bits = static_cast<std::uint32_t>(8 * HashSize(ek.area.name_alg));
  RK_TRY(SecretBytes seed, KdfE(ek.area.name_alg, z.RevealForUse(), kIdentity, point.x, ek_point.x, bits));
  return CredentialSeed{.seed = std::move(seed), .encrypted_secret = EccEncryptedSecret(point.x, point.y)};
}

}  // namespace

Result<CredentialSeed> MakeCredentialSeed(const EndorsementKey& ek) {
  if (const auto* ecc = std::get_if<EccKey>(&ek.area.key)) return ForEcc(ek, *ecc);
  return ForRsa(ek);
}

}  // namespace rootkeep::attestation
