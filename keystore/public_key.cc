#include "keystore/public_key.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

#include "keystore/spki.h"

namespace rootkeep {
namespace {

Result<KeyType> TypeOf(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return KeyType::kEd25519;
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    const int bits = EVP_PKEY_get_bits(key);
    if (bits == 2048) return KeyType::kRsa2048;
    if (bits == 3072) return KeyType::kRsa3072;
    if (bits == 4096) return KeyType::kRsa4096;
    return InvalidArgument(fmt::format("an RSA key of {} bits is not 2048, 3072 or 4096", bits));
  }
  if (EVP_PKEY_is_a(key, "EC") == 1) {
    std::array<char, 64> group{};
    if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(), nullptr) != 1) {
      return InvalidArgument("an elliptic curve key without a named curve");
    }
    const std::string_view name = group.data();
    if (name == "prime256v1") return KeyType::kEcP256;
    if (name == "secp384r1") return KeyType::kEcP384;
    return InvalidArgument(fmt::format("curve {} is neither P-256 nor P-384", name));
  }
  return InvalidArgument("the key's algorithm is none of RSA, EC and Ed25519");
}

Result<Bytes> KeyIdOf(ByteView spki_der) {
  RK_TRY(const ByteView bits, SubjectPublicKey(spki_der));
  Bytes id(20);
  if (EVP_Digest(bits.data(), bits.size(), id.data(), nullptr, ossl::Sha1(), nullptr) != 1) {
    return ossl::TakeError(Code::kInternal, "EVP_Digest");
  }
  return id;
}

bool Fits(SignatureScheme scheme, KeyType type) {
  return std::ranges::find(SchemesOf(type), scheme) != SchemesOf(type).end();
}

bool IsPss(SignatureScheme scheme) {
  return scheme == SignatureScheme::kRsaPssSha256 || scheme == SignatureScheme::kRsaPssSha384 ||
         scheme == SignatureScheme::kRsaPssSha512;
}

const EVP_MD* MdOf(Hash hash) {
  switch (hash) {
    case Hash::kSha256: return ossl::Sha256();
    case Hash::kSha384: return ossl::Sha384();
    case Hash::kSha512: return ossl::Sha512();
    case Hash::kNone: return nullptr;
  }
  return nullptr;
}

Status VerifyDigest(EVP_PKEY* key, SignatureScheme scheme, ByteView digest, ByteView signature) {
  const ossl::PKeyCtx ctx(EVP_PKEY_CTX_new(key, nullptr));
  bool ready = ctx != nullptr && EVP_PKEY_verify_init(ctx.get()) == 1;
  if (ready && EVP_PKEY_is_a(key, "RSA") == 1) {
    ready = EVP_PKEY_CTX_set_rsa_padding(ctx.get(), IsPss(scheme) ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) == 1 &&
            (!IsPss(scheme) || EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx.get(), RSA_PSS_SALTLEN_DIGEST) == 1);
  }
  ready = ready && EVP_PKEY_CTX_set_signature_md(ctx.get(), MdOf(SchemeHash(scheme))) == 1;
  if (!ready) return ossl::TakeError(Code::kInternal, "EVP_PKEY_verify_init");
  if (EVP_PKEY_verify(ctx.get(), signature.data(), signature.size(), digest.data(), digest.size()) != 1) {
    return ossl::TakeError(Code::kDataLoss, "EVP_PKEY_verify").WithReason("bad_signature");
  }
  return Ok();
}

Status VerifyMessage(EVP_PKEY* key, ByteView message, ByteView signature) {
  const ossl::MdCtx ctx(EVP_MD_CTX_new());
  if (ctx == nullptr || EVP_DigestVerifyInit(ctx.get(), nullptr, nullptr, nullptr, key) != 1) {
    return ossl::TakeError(Code::kInternal, "EVP_DigestVerifyInit");
  }
  if (EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), message.data(), message.size()) != 1) {
    return ossl::TakeError(Code::kDataLoss, "EVP_DigestVerify").WithReason("bad_signature");
  }
  return Ok();
}

}  // namespace

Result<PublicKey> PublicKey::FromSpki(ByteView spki_der) {
  RK_TRY(const ossl::PKey parsed, ReadSpki(spki_der));
  PublicKey key;
  RK_TRY(key.type_, TypeOf(parsed.get()));
  RK_TRY(key.key_id_, KeyIdOf(spki_der));
  RK_TRY(key.fingerprint_, Digest(Hash::kSha256, spki_der));
  key.spki_ = ToBytes(spki_der);
  EVP_PKEY_up_ref(parsed.get());
  key.pkey_ = std::shared_ptr<EVP_PKEY>(parsed.get(), EVP_PKEY_free);
  return key;
}

Status PublicKey::Verify(SignatureScheme scheme, ByteView input, ByteView signature) const {
  if (!Fits(scheme, type_)) {
    return InvalidArgument(
        fmt::format("scheme {} does not fit a key of type {}", SchemeName(scheme), KeyTypeName(type_)));
  }
  if (scheme == SignatureScheme::kEd25519) return VerifyMessage(pkey_.get(), input, signature);
  const std::size_t want = HashSize(SchemeHash(scheme));
  if (input.size() != want) {
    return InvalidArgument(
        fmt::format("got a digest of {} octets, want {} for {}", input.size(), want, SchemeName(scheme)));
  }
  return VerifyDigest(pkey_.get(), scheme, input, signature);
}

Result<Bytes> Digest(Hash hash, ByteView message) {
  if (hash == Hash::kNone) return ToBytes(message);
  Bytes out(HashSize(hash));
  if (EVP_Digest(message.data(), message.size(), out.data(), nullptr, MdOf(hash), nullptr) != 1) {
    return ossl::TakeError(Code::kInternal, "EVP_Digest");
  }
  return out;
}

}  // namespace rootkeep
