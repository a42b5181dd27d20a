#include "attestation/verifier/make_credential.h"

#include <openssl/hmac.h>

#include <array>

#include "attestation/verifier/credential_seed.h"
#include "attestation/verifier/kdf.h"
#include "attestation/wire/id_object.h"

namespace rootkeep::attestation {
namespace {

using CipherCtx = ossl::Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

const EVP_CIPHER* CipherOf(const SymmetricScheme& symmetric) {
  if (symmetric.algorithm != Algorithm::kAes) return nullptr;
  switch (symmetric.key_bits) {
    case 128: return EVP_aes_128_cfb128();
    case 256: return EVP_aes_256_cfb128();
    default: return nullptr;
  }
}

// CFB with an all-zero initialisation vector: the key is used once.
Result<Bytes> EncryptCfb(const SymmetricScheme& symmetric, ByteView key, ByteView plain) {
  const EVP_CIPHER* cipher = CipherOf(symmetric);
  if (cipher == nullptr) return InvalidArgument("the endorsement key has no cipher that is known");
  constexpr std::array<std::uint8_t, 16> kZeroIv{};
  const CipherCtx ctx(EVP_CIPHER_CTX_new());
  Bytes out(plain.size());
  int size = 0;
  if (ctx == nullptr || EVP_EncryptInit_ex(ctx.get(), cipher, nullptr, key.data(), kZeroIv.data()) != 1 ||
      EVP_EncryptUpdate(ctx.get(), out.data(), &size, plain.data(), static_cast<int>(plain.size())) != 1) {
    return ossl::TakeError(Code::kInternal, "EVP_EncryptUpdate");
  }
  return out;
}

// TPM2B_DIGEST with its size.
SecretBytes SizedSecret(const SecretBytes& secret) {
  Bytes octets;
  octets.reserve(2 + secret.size());
  octets.push_back(static_cast<std::uint8_t>(secret.size() >> 8));
  octets.push_back(static_cast<std::uint8_t>(secret.size()));
  const ByteView contents = secret.RevealForUse();
  octets.insert(octets.end(), contents.begin(), contents.end());
  return SecretBytes(std::move(octets));
}

Result<Bytes> OuterHmac(Algorithm hash, const SecretBytes& key, ByteView encrypted_identity, ByteView ak_name) {
  Bytes message = ToBytes(encrypted_identity);
  message.insert(message.end(), ak_name.begin(), ak_name.end());
  Bytes mac(HashSize(hash));
  if (HMAC(HashMd(hash), key.RevealForUse().data(), static_cast<int>(key.size()), message.data(), message.size(),
           mac.data(), nullptr) == nullptr) {
    return ossl::TakeError(Code::kInternal, "HMAC");
  }
  return mac;
}

}  // namespace

Result<Credential> MakeCredential(const EndorsementKey& ek, ByteView ak_name, const SecretBytes& secret) {
  const Algorithm hash = ek.area.name_alg;
  if (secret.size() > HashSize(hash)) return InvalidArgument("the secret is longer than the endorsement key's digest");
  RK_TRY(CredentialSeed seed, MakeCredentialSeed(ek));
  RK_TRY(const SecretBytes cipher_key,
         KdfA(hash, seed.seed.RevealForUse(), "STORAGE", ak_name, {}, ek.area.symmetric.key_bits));
  RK_TRY(Bytes identity, EncryptCfb(ek.area.symmetric, cipher_key.RevealForUse(), SizedSecret(secret).RevealForUse()));
  RK_TRY(const SecretBytes mac_key,
         KdfA(hash, seed.seed.RevealForUse(), "INTEGRITY", {}, {}, static_cast<std::uint32_t>(8 * HashSize(hash))));
  RK_TRY(Bytes mac, OuterHmac(hash, mac_key, identity, ak_name));
  return Credential{
      .id_object = Encode(IdObject{.integrity_hmac = std::move(mac), .encrypted_identity = std::move(identity)}),
      .encrypted_secret = std::move(seed.encrypted_secret)};
}

}  // namespace rootkeep::attestation
