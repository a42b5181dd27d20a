#include "keystore/spki.h"

#include <openssl/core_names.h>

#include <algorithm>
#include <array>

namespace rootkeep {
namespace {

// Everything before the coordinates of an uncompressed point (RFC 5480 §2, SEC 1 §2.3.3).
struct Curve {
  const char* group;
  ByteView prefix;
  std::size_t size;  // of the whole
};

constexpr auto kP256 =
    std::to_array<std::uint8_t>({0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04});
constexpr auto kP384 =
    std::to_array<std::uint8_t>({0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
                                 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04});
constexpr std::array<Curve, 2> kCurves{{{"P-256", kP256, 91}, {"P-384", kP384, 120}}};

// Null, with the reason queued, when the point is not on its curve.
ossl::PKey FromPoint(const Curve& curve, ByteView der) {
  const ByteView point = der.subspan(curve.prefix.size() - 1);  // with the octet that says that it is uncompressed
  const std::array params{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(curve.group), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, const_cast<std::uint8_t*>(point.data()), point.size()),
      OSSL_PARAM_construct_end()};
  const ossl::PKeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (ctx == nullptr || EVP_PKEY_fromdata_init(ctx.get()) != 1 ||
      EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(params.data())) != 1) {
    return nullptr;
  }
  return ossl::PKey(key);
}

// Null when it has none of the usual prefixes.
const Curve* CurveOf(ByteView der) {
  const auto found = std::ranges::find_if(kCurves, [&](const Curve& curve) {
    return der.size() == curve.size && std::ranges::equal(der.first(curve.prefix.size()), curve.prefix);
  });
  return found == kCurves.end() ? nullptr : &*found;
}

}  // namespace

Result<ossl::PKey> ReadSpki(ByteView der) {
  if (const Curve* curve = CurveOf(der)) {
    ossl::PKey key = FromPoint(*curve, der);
    if (key == nullptr) return ossl::TakeError(Code::kInvalidArgument, "EVP_PKEY_fromdata");
    return key;
  }
  const unsigned char* cursor = der.data();
  ossl::PKey key(d2i_PUBKEY(nullptr, &cursor, static_cast<long>(der.size())));  // NOLINT(google-runtime-int)
  if (key == nullptr) return ossl::TakeError(Code::kInvalidArgument, "d2i_PUBKEY");
  if (cursor != der.data() + der.size()) return InvalidArgument("octets follow the SubjectPublicKeyInfo");
  return key;
}

bool IsCanonicalSpki(ByteView der, const EVP_PKEY* key) {
  // i2d_PUBKEY keeps the form in which the point came.
  if (EVP_PKEY_is_a(key, "EC") == 1) return CurveOf(der) != nullptr;
  unsigned char* written = nullptr;
  const int size = i2d_PUBKEY(key, &written);
  const bool same = size > 0 && std::ranges::equal(der, ByteView(written, static_cast<std::size_t>(size)));
  OPENSSL_free(written);
  ossl::ClearErrors();
  return same;
}

Result<ByteView> SubjectPublicKey(ByteView der) {
  const unsigned char* at = der.data();
  const unsigned char* const end = at + der.size();
  const auto enter = [&at, end](int wanted, long& length) {  // NOLINT(google-runtime-int): OpenSSL's type
    int tag = 0;
    int cls = 0;
    return (ASN1_get_object(&at, &length, &tag, &cls, end - at) & 0x80) == 0 && tag == wanted;
  };
  long length = 0;  // NOLINT(google-runtime-int)
  if (!enter(V_ASN1_SEQUENCE, length)) return InvalidArgument("it is no SEQUENCE");
  const bool algorithm = enter(V_ASN1_SEQUENCE, length);
  if (algorithm) at += length;
  if (!algorithm || !enter(V_ASN1_BIT_STRING, length) || length < 1 || *at != 0) {
    return InvalidArgument("the subjectPublicKey is not a whole number of octets");
  }
  return ByteView(at + 1, static_cast<std::size_t>(length) - 1);  // without the number of unused bits
}

}  // namespace rootkeep
