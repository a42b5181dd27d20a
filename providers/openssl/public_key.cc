#include "providers/openssl/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "providers/openssl/der_reader.h"

namespace rootkeep::provider {
namespace {

using keysocket::Octets;
using keysocket::WireType;

constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kBitString = 0x03;
constexpr std::uint8_t kSequence = 0x30;

struct FreeNumber {
  void operator()(BIGNUM* number) const noexcept { BN_free(number); }
};
using NumberHolder = std::unique_ptr<BIGNUM, FreeNumber>;
struct FreeBuilder {
  void operator()(OSSL_PARAM_BLD* builder) const noexcept { OSSL_PARAM_BLD_free(builder); }
};
struct FreeParams {
  void operator()(OSSL_PARAM* params) const noexcept { OSSL_PARAM_free(params); }
};
struct FreePkeyCtx {
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};

// Contents of AlgorithmIdentifiers: RFC 5480 §2.1.1, RFC 8017 §A.1, RFC 8410 §3.
constexpr std::uint8_t kP256[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                  0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::uint8_t kP384[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
                                  0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
constexpr std::uint8_t kRsa[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
constexpr std::uint8_t kEd25519[] = {0x06, 0x03, 0x2b, 0x65, 0x70};

struct TypeWords {
  WireType type;
  Octets algorithm;
  const char* group;  // of an elliptic curve
  int bits;           // of a modulus
};
constexpr TypeWords kTypes[] = {{WireType::kEcP256, kP256, "P-256", 0},    {WireType::kEcP384, kP384, "P-384", 0},
                                {WireType::kRsa2048, kRsa, nullptr, 2048}, {WireType::kRsa3072, kRsa, nullptr, 3072},
                                {WireType::kRsa4096, kRsa, nullptr, 4096}, {WireType::kEd25519, kEd25519, nullptr, 0}};

Pkey Make(Context& context, const char* name, OSSL_PARAM* params) noexcept {
  const std::unique_ptr<EVP_PKEY_CTX, FreePkeyCtx> operation(
      EVP_PKEY_CTX_new_from_name(context.library(), name, nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || operation == nullptr || EVP_PKEY_fromdata_init(operation.get()) != 1 ||
      EVP_PKEY_fromdata(operation.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
    return nullptr;
  }
  return Pkey(key);
}

// A point of a curve, or an Ed25519 key.
Pkey MakeFromOctets(Context& context, const char* name, const char* group, Octets key) noexcept {
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, const_cast<std::uint8_t*>(key.data()), key.size()),
      OSSL_PARAM_END, OSSL_PARAM_END};
  if (group != nullptr) {
    params[1] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(group), 0);
  }
  return Make(context, name, params);
}

NumberHolder Positive(Octets integer) noexcept {
  if (integer.empty() || integer[0] >= 0x80) return nullptr;
  return NumberHolder(BN_bin2bn(integer.data(), static_cast<int>(integer.size()), nullptr));
}

// RSAPublicKey (RFC 8017 §A.1.1).
Pkey MakeFromModulus(Context& context, Octets der, int bits) noexcept {
  DerReader whole(der);
  DerReader in(whole.Take(kSequence));
  const NumberHolder modulus = Positive(in.Take(kInteger));
  const NumberHolder exponent = Positive(in.Take(kInteger));
  if (!whole.Ended() || !in.Ended() || modulus == nullptr || exponent == nullptr ||
      BN_num_bits(modulus.get()) != bits) {
    return nullptr;
  }
  const std::unique_ptr<OSSL_PARAM_BLD, FreeBuilder> builder(OSSL_PARAM_BLD_new());
  if (builder == nullptr || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return nullptr;
  }
  const std::unique_ptr<OSSL_PARAM, FreeParams> params(OSSL_PARAM_BLD_to_param(builder.get()));
  return Make(context, "RSA", params.get());
}

}  // namespace

Pkey ReadPublicKey(Context& context, WireType type, Octets spki) noexcept {
  DerReader whole(spki);
  DerReader in(whole.Take(kSequence));
  const Octets algorithm = in.Take(kSequence);
  const Octets bits = in.Take(kBitString);
  // A whole number of octets, as all of these have.
  if (!whole.Ended() || !in.Ended() || bits.empty() || bits[0] != 0) return nullptr;
  const Octets key = bits.subspan(1);
  for (const TypeWords& words : kTypes) {
    if (words.type != type ||
        !std::equal(algorithm.begin(), algorithm.end(), words.algorithm.begin(), words.algorithm.end()))
      continue;
    ERR_set_mark();
    Pkey made = words.bits != 0 ? MakeFromModulus(context, key, words.bits)
                                : MakeFromOctets(context, NameOf(KindOf(type)), words.group, key);
    ERR_pop_to_mark();
    return made;
  }
  return nullptr;
}

}  // namespace rootkeep::provider
