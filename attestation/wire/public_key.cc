#include "attestation/wire/public_key.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <algorithm>

namespace rootkeep::attestation {
namespace {

using ParamBuild = ossl::Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Params = ossl::Owned<OSSL_PARAM, OSSL_PARAM_free>;
using Integer = ossl::Owned<ASN1_INTEGER, ASN1_INTEGER_free>;
using Spki = ossl::Owned<X509_PUBKEY, X509_PUBKEY_free>;

constexpr std::uint32_t kDefaultExponent = 65537;  // Part 2 §12.2.3.5

void FreeOctets(unsigned char* octets) { OPENSSL_free(octets); }

Error NoKey(std::string_view why) { return InvalidArgument(std::string(why)).WithReason(kReasonStructure); }

Result<ossl::PKey> FromParams(const char* type, const Params& params) {
  const ossl::PKeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || ctx == nullptr || EVP_PKEY_fromdata_init(ctx.get()) != 1) {
    return ossl::TakeError(Code::kInternal, "EVP_PKEY_fromdata_init");
  }
  if (EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return ossl::TakeError(Code::kInvalidArgument, "EVP_PKEY_fromdata").WithReason(kReasonStructure);
  }
  return ossl::PKey(key);
}

std::uint32_t ExponentOf(const RsaKey& rsa) { return rsa.exponent == 0 ? kDefaultExponent : rsa.exponent; }

Result<ossl::PKey> RsaPKey(const RsaKey& rsa) {
  const std::uint32_t exponent = ExponentOf(rsa);
  if (exponent < 3 || exponent % 2 == 0) return NoKey("the RSA exponent is even or 1");
  if (rsa.modulus.empty() || rsa.modulus.front() < 0x80 || rsa.modulus.back() % 2 == 0) {
    return NoKey("the RSA modulus is even or too small");
  }
  const ossl::BigNum n(BN_bin2bn(rsa.modulus.data(), static_cast<int>(rsa.modulus.size()), nullptr));
  const ParamBuild build(OSSL_PARAM_BLD_new());
  if (n == nullptr || build == nullptr || OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_uint32(build.get(), OSSL_PKEY_PARAM_RSA_E, exponent) != 1) {
    return ossl::TakeError(Code::kInternal, "OSSL_PARAM_BLD_push_BN");
  }
  return FromParams("RSA", Params(OSSL_PARAM_BLD_to_param(build.get())));
}

const char* GroupName(Curve curve) {
  switch (curve) {
    case Curve::kP256: return "P-256";
    case Curve::kP384: return "P-384";
    case Curve::kP521: return "P-521";
  }
  return "";
}

// SEC 1 §2.3.3, uncompressed; the coordinates padded to the curve's size.
Result<Bytes> PointOf(const EccKey& ecc) {
  const std::size_t size = CoordinateSize(ecc.curve);
  if (ecc.x.size() > size || ecc.y.size() > size) return NoKey("a coordinate is longer than the curve's");
  Bytes point(1 + 2 * size);
  point.front() = 0x04;
  std::ranges::copy(ecc.x, point.begin() + static_cast<std::ptrdiff_t>(1 + size - ecc.x.size()));
  std::ranges::copy(ecc.y, point.end() - static_cast<std::ptrdiff_t>(ecc.y.size()));
  return point;
}

Result<ossl::PKey> EccPKey(const EccKey& ecc) {
  RK_TRY(const Bytes point, PointOf(ecc));
  const ParamBuild build(OSSL_PARAM_BLD_new());
  if (build == nullptr ||
      OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, GroupName(ecc.curve), 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return ossl::TakeError(Code::kInternal, "OSSL_PARAM_BLD_push_octet_string");
  }
  return FromParams("EC", Params(OSSL_PARAM_BLD_to_param(build.get())));
}

// RSAPublicKey (RFC 8017 §A.1.1).
Result<Bytes> RsaPublicKey(const RsaKey& rsa) {
  const ossl::BigNum modulus(BN_bin2bn(rsa.modulus.data(), static_cast<int>(rsa.modulus.size()), nullptr));
  const Integer n(modulus == nullptr ? nullptr : BN_to_ASN1_INTEGER(modulus.get(), nullptr));
  const Integer e(ASN1_INTEGER_new());
  if (n == nullptr || e == nullptr || ASN1_INTEGER_set_uint64(e.get(), ExponentOf(rsa)) != 1) {
    return ossl::TakeError(Code::kInternal, "BN_to_ASN1_INTEGER");
  }
  const int inside = i2d_ASN1_INTEGER(n.get(), nullptr) + i2d_ASN1_INTEGER(e.get(), nullptr);
  Bytes der(static_cast<std::size_t>(ASN1_object_size(1, inside, V_ASN1_SEQUENCE)));
  unsigned char* at = der.data();
  ASN1_put_object(&at, 1, inside, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
  i2d_ASN1_INTEGER(n.get(), &at);
  i2d_ASN1_INTEGER(e.get(), &at);
  return der;
}

int CurveNid(Curve curve) {
  switch (curve) {
    case Curve::kP256: return NID_X9_62_prime256v1;
    case Curve::kP384: return NID_secp384r1;
    case Curve::kP521: return NID_secp521r1;
  }
  return NID_undef;
}

Result<Bytes> SubjectPublicKey(const PublicArea& area) {
  if (const auto* rsa = std::get_if<RsaKey>(&area.key)) return RsaPublicKey(*rsa);
  return PointOf(std::get<EccKey>(area.key));
}

// The algorithm of `area` with `key`, which is taken over when that succeeds.
bool SetKey(X509_PUBKEY* spki, const PublicArea& area, unsigned char* key, std::size_t size) {
  const auto* ecc = std::get_if<EccKey>(&area.key);
  ASN1_OBJECT* algorithm = OBJ_nid2obj(ecc == nullptr ? NID_rsaEncryption : NID_X9_62_id_ecPublicKey);
  ASN1_OBJECT* curve = ecc == nullptr ? nullptr : OBJ_nid2obj(CurveNid(ecc->curve));
  const int parameters = ecc == nullptr ? V_ASN1_NULL : V_ASN1_OBJECT;
  return X509_PUBKEY_set0_param(spki, algorithm, parameters, curve, key, static_cast<int>(size)) == 1;
}

}  // namespace

Result<ossl::PKey> ToPKey(const PublicArea& area) {
  if (const auto* rsa = std::get_if<RsaKey>(&area.key)) return RsaPKey(*rsa);
  return EccPKey(std::get<EccKey>(area.key));
}

// Without OpenSSL's encoder of keys, which takes longer to be found than anything else in a verification.
Result<Bytes> SpkiOf(const PublicArea& area) {
  RK_RETURN_IF_ERROR(ToPKey(area));
  RK_TRY(const Bytes key, SubjectPublicKey(area));
  const Spki spki(X509_PUBKEY_new());
  ossl::Owned<unsigned char, FreeOctets> copy(static_cast<unsigned char*>(OPENSSL_memdup(key.data(), key.size())));
  if (spki == nullptr || copy == nullptr || !SetKey(spki.get(), area, copy.get(), key.size())) {
    return ossl::TakeError(Code::kInternal, "X509_PUBKEY_set0_param");
  }
  static_cast<void>(copy.release());  // it is the structure's now
  Bytes der(static_cast<std::size_t>(std::max(i2d_X509_PUBKEY(spki.get(), nullptr), 0)));
  unsigned char* at = der.data();
  if (der.empty() || i2d_X509_PUBKEY(spki.get(), &at) <= 0) return ossl::TakeError(Code::kInternal, "i2d_X509_PUBKEY");
  return der;
}

}  // namespace rootkeep::attestation
