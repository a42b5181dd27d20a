#include "keystore/tpm2/public_area.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <tss2/tss2_mu.h>

#include <algorithm>
#include <array>

#include "keystore/base/openssl.h"
#include "keystore/tpm2/rc.h"
#include "keystore/tpm2/reasons.h"

namespace rootkeep::tpm2 {
namespace {

using ParamBuilder = ossl::Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Params = ossl::Owned<OSSL_PARAM, OSSL_PARAM_free>;

constexpr std::uint32_t kDefaultExponent = 65537;  // Part 2 §12.2.3.5: 0 stands for it

struct Curve {
  TPM2_ECC_CURVE id;
  ByteView spki_prefix;  // of SubjectPublicKeyInfo (RFC 5480 §2), up to the octet that says "uncompressed"
  std::size_t size;      // octets of a coordinate
};

constexpr auto kP256Prefix =
    std::to_array<std::uint8_t>({0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04});
constexpr auto kP384Prefix =
    std::to_array<std::uint8_t>({0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
                                 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04});
constexpr std::array<Curve, 2> kCurves{{{TPM2_ECC_NIST_P256, kP256Prefix, 32}, {TPM2_ECC_NIST_P384, kP384Prefix, 48}}};

Error Unusable(std::string message) { return InvalidArgument(std::move(message)).WithReason(kReasonKeyUnusable); }

template <typename T>
Result<Bytes> EncodeWith(TSS2_RC (*marshal)(const T*, std::uint8_t*, std::size_t, std::size_t*), const T& value) {
  Bytes out(sizeof(T) + 2);
  std::size_t size = 0;
  RK_TSS("Tss2_MU_Marshal", marshal(&value, out.data(), out.size(), &size));
  out.resize(size);
  return out;
}

// Appends `number` as `size` octets; the TPM may leave leading zeros out. False when it is longer.
bool AppendPadded(Bytes& out, const TPM2B_ECC_PARAMETER& number, std::size_t size) {
  if (number.size > size) return false;
  out.insert(out.end(), size - number.size, 0);
  out.insert(out.end(), number.buffer, number.buffer + number.size);
  return true;
}

Result<PublicKey> FromPoint(const TPMT_PUBLIC& area) {
  const auto* const curve = std::ranges::find(kCurves, area.parameters.eccDetail.curveID, &Curve::id);
  if (curve == kCurves.end()) return Unusable("its curve is neither P-256 nor P-384");
  Bytes spki = ToBytes(curve->spki_prefix);
  if (!AppendPadded(spki, area.unique.ecc.x, curve->size) || !AppendPadded(spki, area.unique.ecc.y, curve->size)) {
    return Unusable("its point is longer than its curve allows");
  }
  return PublicKey::FromSpki(spki);
}

Result<PublicKey> FromModulus(const TPMT_PUBLIC& area) {
  const TPM2B_PUBLIC_KEY_RSA& unique = area.unique.rsa;
  const std::uint32_t e = area.parameters.rsaDetail.exponent;
  const ossl::BigNum modulus(BN_bin2bn(unique.buffer, unique.size, nullptr));
  const ossl::BigNum exponent(BN_new());
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  const bool pushed = modulus && exponent && builder &&
                      BN_set_word(exponent.get(), e == 0 ? kDefaultExponent : e) == 1 &&
                      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1 &&
                      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1;
  const Params params(pushed ? OSSL_PARAM_BLD_to_param(builder.get()) : nullptr);
  const ossl::PKeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* made = nullptr;
  if (!params || !ctx || EVP_PKEY_fromdata_init(ctx.get()) != 1 ||
      EVP_PKEY_fromdata(ctx.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return ossl::TakeError(Code::kInvalidArgument, "EVP_PKEY_fromdata");
  }
  const ossl::PKey key(made);
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key.get(), &der);
  if (size <= 0) return ossl::TakeError(Code::kInvalidArgument, "i2d_PUBKEY");
  const Bytes spki(der, der + size);
  OPENSSL_free(der);
  return PublicKey::FromSpki(spki);
}

Hash HashOf(TPMI_ALG_HASH algorithm) {
  switch (algorithm) {
    case TPM2_ALG_SHA256: return Hash::kSha256;
    case TPM2_ALG_SHA384: return Hash::kSha384;
    case TPM2_ALG_SHA512: return Hash::kSha512;
    default: return Hash::kNone;
  }
}

}  // namespace

Result<TPM2B_PUBLIC> ReadPublicArea(ByteView encoded) {
  TPM2B_PUBLIC area{};
  std::size_t offset = 2;
  if (encoded.size() < offset || encoded.size() - offset != (std::size_t{encoded[0]} << 8U | encoded[1])) {
    return Unusable("a TPM2B_PUBLIC is not as long as it says");
  }
  const TSS2_RC rc = Tss2_MU_TPMT_PUBLIC_Unmarshal(encoded.data(), encoded.size(), &offset, &area.publicArea);
  if (rc != TSS2_RC_SUCCESS || offset != encoded.size()) {
    return Unusable(fmt::format("a TPM2B_PUBLIC cannot be read (Tss2_MU_TPMT_PUBLIC_Unmarshal: {:#x})", rc));
  }
  RK_TRY(const Bytes again, Encode(area));
  if (!std::ranges::equal(again, encoded)) return Unusable("a TPM2B_PUBLIC is not encoded as a TPM does");
  return area;
}

Result<TPM2B_PRIVATE> ReadPrivateArea(ByteView encoded) {
  TPM2B_PRIVATE area{};
  std::size_t offset = 0;
  const TSS2_RC rc = Tss2_MU_TPM2B_PRIVATE_Unmarshal(encoded.data(), encoded.size(), &offset, &area);
  if (rc != TSS2_RC_SUCCESS || offset != encoded.size() || area.size == 0) {
    return Unusable(fmt::format("a TPM2B_PRIVATE cannot be read (Tss2_MU_TPM2B_PRIVATE_Unmarshal: {:#x})", rc));
  }
  return area;
}

Result<Bytes> Encode(const TPM2B_PUBLIC& area) { return EncodeWith(&Tss2_MU_TPM2B_PUBLIC_Marshal, area); }
Result<Bytes> Encode(const TPM2B_PRIVATE& area) { return EncodeWith(&Tss2_MU_TPM2B_PRIVATE_Marshal, area); }

Result<Bytes> NameOf(const TPM2B_PUBLIC& area) {
  const TPMI_ALG_HASH algorithm = area.publicArea.nameAlg;
  const Hash hash = HashOf(algorithm);
  if (hash == Hash::kNone) return Unusable("its nameAlg is none of SHA-256, SHA-384 and SHA-512");
  RK_TRY(const Bytes encoded, EncodeWith(&Tss2_MU_TPMT_PUBLIC_Marshal, area.publicArea));
  RK_TRY(const Bytes digest, Digest(hash, encoded));
  Bytes name{static_cast<std::uint8_t>(algorithm >> 8U), static_cast<std::uint8_t>(algorithm & 0xffU)};
  name.insert(name.end(), digest.begin(), digest.end());
  return name;
}

Result<PublicKey> PublicKeyOf(const TPM2B_PUBLIC& area) {
  auto key = area.publicArea.type == TPM2_ALG_ECC   ? FromPoint(area.publicArea)
             : area.publicArea.type == TPM2_ALG_RSA ? FromModulus(area.publicArea)
                                                    : Result<PublicKey>(Unusable("it is neither an RSA nor an EC key"));
  if (!key.ok()) return std::move(key).error().WithReason(kReasonKeyUnusable);
  return key;
}

Status CheckSigns(const TPM2B_PUBLIC& area) {
  const TPMA_OBJECT attributes = area.publicArea.objectAttributes;
  const auto refuse = [](std::string_view why) {
    return FailedPrecondition(fmt::format("the key cannot be used: {}", why)).WithReason(kReasonKeyUnusable);
  };
  if ((attributes & TPMA_OBJECT_SIGN_ENCRYPT) == 0) return refuse("it does not sign");
  if ((attributes & TPMA_OBJECT_RESTRICTED) != 0) return refuse("it is restricted to what the TPM made itself");
  if ((attributes & TPMA_OBJECT_USERWITHAUTH) == 0) return refuse("its auth value does not do, it wants a policy");
  return Ok();
}

CustodyFacts FactsOf(const TPM2B_PUBLIC& area) {
  const TPMA_OBJECT attributes = area.publicArea.objectAttributes;
  const bool fixed = (attributes & TPMA_OBJECT_FIXEDTPM) != 0 && (attributes & TPMA_OBJECT_FIXEDPARENT) != 0;
  const bool made_inside = (attributes & TPMA_OBJECT_SENSITIVEDATAORIGIN) != 0;
  return {.sensitive = true,
          .extractable = !fixed,
          .always_sensitive = made_inside,
          .never_extractable = fixed && made_inside,
          .local = made_inside,
          .modifiable = false,
          .always_authenticate = false,
          .other_usages = (attributes & TPMA_OBJECT_DECRYPT) != 0 ? "decrypt" : ""};
}

TPM2B_PUBLIC SigningTemplate(KeyType type) {
  TPM2B_PUBLIC result{};
  TPMT_PUBLIC& area = result.publicArea;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                          TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_SIGN_ENCRYPT;
  if (IsRsa(type)) {
    area.type = TPM2_ALG_RSA;
    area.parameters.rsaDetail.symmetric.algorithm = TPM2_ALG_NULL;
    area.parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
    area.parameters.rsaDetail.keyBits = type == KeyType::kRsa2048 ? 2048 : type == KeyType::kRsa3072 ? 3072 : 4096;
    return result;
  }
  area.type = TPM2_ALG_ECC;
  area.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
  area.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
  area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
  area.parameters.eccDetail.curveID = type == KeyType::kEcP384 ? TPM2_ECC_NIST_P384 : TPM2_ECC_NIST_P256;
  return result;
}

}  // namespace rootkeep::tpm2
