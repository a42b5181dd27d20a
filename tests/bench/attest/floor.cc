#include "tests/bench/attest/floor.h"

#include <openssl/rsa.h>

#include <algorithm>
#include <array>

namespace rootkeep::bench {
namespace {

constexpr std::size_t kDigestSize = 32;

Result<ossl::Cert> Read(ByteView der) {
  const unsigned char* at = der.data();
  ossl::Cert cert(d2i_X509(nullptr, &at, static_cast<long>(der.size())));  // NOLINT(google-runtime-int)
  if (cert == nullptr) return ossl::TakeError(Code::kInternal, "d2i_X509");
  return cert;
}

ossl::PKey KeyOf(const ossl::Cert& cert) { return ossl::PKey(X509_get_pubkey(cert.get())); }

}  // namespace

Result<SignatureFloor> SignatureFloor::Of(const ossl::PKey& key, ByteView digest, ByteView signature) {
  SignatureFloor floor;
  floor.ctx_.reset(EVP_PKEY_CTX_new(key.get(), nullptr));
  floor.digest_ = ToBytes(digest);
  floor.signature_ = ToBytes(signature);
  const bool rsa = EVP_PKEY_is_a(key.get(), "RSA") == 1;
  if (EVP_PKEY_verify_init(floor.ctx_.get()) != 1 ||
      EVP_PKEY_CTX_set_signature_md(floor.ctx_.get(), EVP_sha256()) != 1 ||
      (rsa && EVP_PKEY_CTX_set_rsa_padding(floor.ctx_.get(), RSA_PKCS1_PADDING) != 1) || !floor.Verify()) {
    return ossl::TakeError(Code::kInternal, "EVP_PKEY_verify");
  }
  return floor;
}

Result<SignatureFloor> SignatureFloor::OfP256() {
  const ossl::PKey key(EVP_EC_gen("P-256"));
  const ossl::PKeyCtx ctx(EVP_PKEY_CTX_new(key.get(), nullptr));
  const Bytes digest(kDigestSize, 7);
  Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())));
  std::size_t size = signature.size();
  if (EVP_PKEY_sign_init(ctx.get()) != 1 ||
      EVP_PKEY_sign(ctx.get(), signature.data(), &size, digest.data(), digest.size()) != 1) {
    return ossl::TakeError(Code::kInternal, "EVP_PKEY_sign");
  }
  signature.resize(size);
  return Of(key, digest, signature);
}

Result<SignatureFloor> SignatureFloor::OfCertificate(ByteView certificate, ByteView issuer) {
  RK_TRY(const ossl::Cert cert, Read(certificate));
  RK_TRY(const ossl::Cert above, Read(issuer));
  unsigned char* tbs = nullptr;
  const int size = i2d_re_X509_tbs(cert.get(), &tbs);
  if (size <= 0) return ossl::TakeError(Code::kInternal, "i2d_re_X509_tbs");
  Bytes digest(kDigestSize);
  EVP_Digest(tbs, static_cast<std::size_t>(size), digest.data(), nullptr, EVP_sha256(), nullptr);
  OPENSSL_free(tbs);
  const ASN1_BIT_STRING* bits = nullptr;
  X509_get0_signature(&bits, nullptr, cert.get());
  return Of(KeyOf(above), digest, {ASN1_STRING_get0_data(bits), static_cast<std::size_t>(ASN1_STRING_length(bits))});
}

bool SignatureFloor::Verify() const {
  return EVP_PKEY_verify(ctx_.get(), signature_.data(), signature_.size(), digest_.data(), digest_.size()) == 1;
}

Result<AttestFloor> AttestFloor::Create(const std::vector<Bytes>& ek_chain) {
  AttestFloor floor;
  RK_TRY(const ossl::Cert leaf, Read(ek_chain.at(0)));
  floor.ek_ = KeyOf(leaf);
  for (std::size_t i = 0; i + 1 < ek_chain.size(); ++i) {
    RK_TRY(SignatureFloor signature, SignatureFloor::OfCertificate(ek_chain[i], ek_chain[i + 1]));
    floor.signatures_.push_back(std::move(signature));
  }
  for (int i = 0; i < 3; ++i) {
    RK_TRY(SignatureFloor signature, SignatureFloor::OfP256());
    floor.signatures_.push_back(std::move(signature));
  }
  return floor;
}

bool AttestFloor::EncryptForEk() const {
  constexpr std::array<unsigned char, kDigestSize> kSeed{7};
  const ossl::PKeyCtx ctx(EVP_PKEY_CTX_new(ek_.get(), nullptr));
  Bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(ek_.get())));
  std::size_t size = out.size();
  return EVP_PKEY_encrypt_init(ctx.get()) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_OAEP_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_oaep_md(ctx.get(), ossl::Sha256()) == 1 &&
         EVP_PKEY_encrypt(ctx.get(), out.data(), &size, kSeed.data(), kSeed.size()) == 1;
}

bool AttestFloor::AgreeWithEk() const {
  const ossl::PKeyCtx maker(EVP_PKEY_CTX_new(ek_.get(), nullptr));
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_keygen_init(maker.get()) != 1 || EVP_PKEY_generate(maker.get(), &made) != 1) return false;
  const ossl::PKey own(made);
  const ossl::PKeyCtx ctx(EVP_PKEY_CTX_new(own.get(), nullptr));
  std::array<unsigned char, 66> shared{};  // of the largest curve
  std::size_t size = shared.size();
  return EVP_PKEY_derive_init(ctx.get()) == 1 && EVP_PKEY_derive_set_peer_ex(ctx.get(), ek_.get(), 0) == 1 &&
         EVP_PKEY_derive(ctx.get(), shared.data(), &size) == 1;
}

Status AttestFloor::Run() const {
  const bool sent = EVP_PKEY_is_a(ek_.get(), "RSA") == 1 ? EncryptForEk() : AgreeWithEk();
  if (!sent) return ossl::TakeError(Code::kInternal, "a secret for the EK");
  if (!std::ranges::all_of(signatures_, &SignatureFloor::Verify)) {
    return ossl::TakeError(Code::kInternal, "EVP_PKEY_verify");
  }
  return Ok();
}

}  // namespace rootkeep::bench
