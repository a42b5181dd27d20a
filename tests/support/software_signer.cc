#include "tests/support/software_signer.h"

#include <openssl/rsa.h>

#include <algorithm>
#include <cstdlib>

namespace rootkeep::testing {
namespace {

KeyInfo InfoOf(EVP_PKEY* key) {
  return {.uri = {},
          .label = "rk/rootkeep-ca/test/1",
          .id = Bytes(16, 0x17),
          .named = std::nullopt,
          .public_key = PublicKey::FromSpki(SpkiOf(key)).value(),
          .custody = {},
          .voucher = Voucher::kTokenSoftware,
          .device = {.label = "test", .software = true}};
}

bool IsPss(SignatureScheme scheme) {
  return scheme == SignatureScheme::kRsaPssSha256 || scheme == SignatureScheme::kRsaPssSha384 ||
         scheme == SignatureScheme::kRsaPssSha512;
}

Result<Bytes> SignDigest(EVP_PKEY* key, SignatureScheme scheme, ByteView digest) {
  const ossl::PKeyCtx ctx(EVP_PKEY_CTX_new(key, nullptr));
  bool ready = EVP_PKEY_sign_init(ctx.get()) == 1;
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    ready = ready &&
            EVP_PKEY_CTX_set_rsa_padding(ctx.get(), IsPss(scheme) ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) == 1;
    ready = ready && (!IsPss(scheme) || EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx.get(), RSA_PSS_SALTLEN_DIGEST) == 1);
  }
  const EVP_MD* md = EVP_get_digestbyname(std::string(HashName(SchemeHash(scheme))).c_str());
  ready = ready && EVP_PKEY_CTX_set_signature_md(ctx.get(), md) == 1;
  std::size_t size = 0;
  ready = ready && EVP_PKEY_sign(ctx.get(), nullptr, &size, digest.data(), digest.size()) == 1;
  Bytes signature(size);
  ready = ready && EVP_PKEY_sign(ctx.get(), signature.data(), &size, digest.data(), digest.size()) == 1;
  if (!ready) return ossl::TakeError(Code::kInternal, "EVP_PKEY_sign");
  signature.resize(size);
  return signature;
}

}  // namespace

SoftwareSigner::SoftwareSigner(const std::string& kind) : key_(MakeKey(kind)), info_(InfoOf(key_.get())) {}

Result<Bytes> SoftwareSigner::Sign(SignatureScheme scheme, ByteView input, Deadline /*deadline*/) const {
  ++count_;
  const auto& schemes = SchemesOf(public_key().type());
  if (std::ranges::count(schemes, scheme) == 0) return InvalidArgument("the scheme does not fit the key");
  const std::size_t want = HashSize(SchemeHash(scheme));
  if (want != 0 && input.size() != want) return InvalidArgument("the digest does not fit the scheme");
  Result<Bytes> signature = scheme == SignatureScheme::kEd25519 ? SignWith(key_.get(), nullptr, input)
                                                                : SignDigest(key_.get(), scheme, input);
  if (signature.ok() && broken_) signature->back() ^= 1;
  return signature;
}

}  // namespace rootkeep::testing
