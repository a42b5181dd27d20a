#include "tests/support/software_key.h"

#include <cstdlib>

namespace rootkeep::testing {
namespace {

void Require(bool ok) {
  if (!ok) std::abort();
}

}  // namespace

ossl::PKey MakeKey(const std::string& kind) {
  ossl::PKey key;
  if (kind.starts_with("RSA:")) {
    key.reset(EVP_RSA_gen(static_cast<unsigned>(std::stoi(kind.substr(4)))));
  } else if (kind == "ED25519") {
    key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  } else {
    key.reset(EVP_EC_gen(kind.c_str()));
  }
  Require(key != nullptr);
  return key;
}

Bytes SpkiOf(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key, &der);
  Require(length > 0);
  Bytes spki(der, der + length);
  OPENSSL_free(der);
  return spki;
}

Bytes MakeSpki(const std::string& kind) { return SpkiOf(MakeKey(kind).get()); }

Bytes SignWith(EVP_PKEY* key, const char* md, ByteView message) {
  const ossl::MdCtx ctx(EVP_MD_CTX_new());
  Require(EVP_DigestSignInit_ex(ctx.get(), nullptr, md, nullptr, nullptr, key, nullptr) == 1);
  std::size_t length = 0;
  Require(EVP_DigestSign(ctx.get(), nullptr, &length, message.data(), message.size()) == 1);
  Bytes signature(length);
  Require(EVP_DigestSign(ctx.get(), signature.data(), &length, message.data(), message.size()) == 1);
  signature.resize(length);
  return signature;
}

}  // namespace rootkeep::testing
