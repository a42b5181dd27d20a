#include "attestation/wire/public_key.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <algorithm>

namespace rootkeep::attestation {
namespace {

using ParamBuild = ossl::Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Params = ossl::Owned<OSSL_PARAM, OSSL_PARAM_free>;

constexpr std::uint32_t kDefaultExponent = 65537;  // Part 2 §12.2.3.5

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

Result<ossl::PKey> RsaPKey(const RsaKey& rsa) {
  const std::uint32_t exponent = rsa.exponent == 0 ? kDefaultExponent : rsa.exponent;
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

}  // namespace

Result<ossl::PKey> ToPKey(const PublicArea& area) {
  if (const auto* rsa = std::get_if<RsaKey>(&area.key)) return RsaPKey(*rsa);
  return EccPKey(std::get<EccKey>(area.key));
}

Result<Bytes> SpkiOf(const PublicArea& area) {
  RK_TRY(const ossl::PKey key, ToPKey(area));
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key.get(), &der);
  if (size <= 0) return ossl::TakeError(Code::kInternal, "i2d_PUBKEY");
  Bytes spki(der, der + size);
  OPENSSL_free(der);
  return spki;
}

}  // namespace rootkeep::attestation
