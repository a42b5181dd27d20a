#include "keystore/pkcs11/public_half.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>

#include "keystore/base/openssl.h"

namespace rootkeep::pkcs11 {
namespace {

using ParamBuilder = ossl::Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Params = ossl::Owned<OSSL_PARAM, OSSL_PARAM_free>;

// Everything of a SubjectPublicKeyInfo (RFC 5480 §2, RFC 8410 §4) before the point, whose length is fixed.
struct Curve {
  KeyType type;
  ByteView parameters;   // CKA_EC_PARAMS
  ByteView alternative;  // what some tokens report instead: curveName as PrintableString (PKCS#11 3.0 §2.3.10)
  ByteView spki_prefix;
  std::size_t point_size;
};

constexpr auto kP256Oid = std::to_array<std::uint8_t>({0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07});
constexpr auto kP384Oid = std::to_array<std::uint8_t>({0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22});
constexpr auto kEd25519Oid = std::to_array<std::uint8_t>({0x06, 0x03, 0x2b, 0x65, 0x70});
constexpr auto kEd25519Name =
    std::to_array<std::uint8_t>({0x13, 0x0c, 'e', 'd', 'w', 'a', 'r', 'd', 's', '2', '5', '5', '1', '9'});
constexpr auto kP256Prefix =
    std::to_array<std::uint8_t>({0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                                 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00});
constexpr auto kP384Prefix =
    std::to_array<std::uint8_t>({0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
                                 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00});
constexpr auto kEd25519Prefix =
    std::to_array<std::uint8_t>({0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00});

constexpr std::array<Curve, 3> kCurves{{{KeyType::kEcP256, kP256Oid, {}, kP256Prefix, 65},
                                        {KeyType::kEcP384, kP384Oid, {}, kP384Prefix, 97},
                                        {KeyType::kEd25519, kEd25519Oid, kEd25519Name, kEd25519Prefix, 32}}};

// CKA_EC_POINT is a DER OCTET STRING around the point; some tokens leave the wrapping out.
std::optional<ByteView> Unwrap(ByteView value, std::size_t point_size) {
  if (value.size() == point_size) return value;
  const bool wrapped = value.size() == point_size + 2 && value[0] == 0x04 && value[1] == point_size;
  if (!wrapped) return std::nullopt;
  return value.subspan(2);
}

Result<PublicKey> FromPoint(const Attributes& read) {
  const Bytes& parameters = read.Octets(CKA_EC_PARAMS);
  const auto curve = std::ranges::find_if(kCurves, [&parameters](const Curve& known) {
    return std::ranges::equal(parameters, known.parameters) ||
           (!known.alternative.empty() && std::ranges::equal(parameters, known.alternative));
  });
  if (curve == kCurves.end()) return InvalidArgument("its curve is none of P-256, P-384 and Ed25519");
  const auto point = Unwrap(read.Octets(CKA_EC_POINT), curve->point_size);
  if (!point) return InvalidArgument("its CKA_EC_POINT is not an uncompressed point of its curve");
  Bytes spki = ToBytes(curve->spki_prefix);
  spki.insert(spki.end(), point->begin(), point->end());
  return PublicKey::FromSpki(spki);
}

ossl::BigNum Number(const Bytes& octets) {
  return ossl::BigNum(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
}

Result<PublicKey> FromModulus(const Attributes& read) {
  const ossl::BigNum modulus = Number(read.Octets(CKA_MODULUS));
  const ossl::BigNum exponent = Number(read.Octets(CKA_PUBLIC_EXPONENT));
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  const bool pushed = modulus && exponent && builder &&
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

}  // namespace

Result<PublicKey> ReadPublicHalf(const Module::Use& use, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
  RK_TRY(const Attributes read,
         Attributes::Read(use, session, object,
                          {CKA_KEY_TYPE, CKA_EC_PARAMS, CKA_EC_POINT, CKA_MODULUS, CKA_PUBLIC_EXPONENT}));
  const auto type = read.Number(CKA_KEY_TYPE);
  if (type == CKK_RSA) return FromModulus(read);
  if (type == CKK_EC || type == CKK_EC_EDWARDS) return FromPoint(read);
  return InvalidArgument("its CKA_KEY_TYPE is none of CKK_RSA, CKK_EC and CKK_EC_EDWARDS");
}

ByteView CurveParameters(KeyType type) {
  const auto curve = std::ranges::find(kCurves, type, &Curve::type);
  return curve == kCurves.end() ? ByteView() : curve->parameters;
}

}  // namespace rootkeep::pkcs11
