// The AlgorithmIdentifiers that stand in certificates, requests and CMS beside the signatures.
#include "providers/openssl/signing.h"

namespace rootkeep::provider {
namespace {

// ecdsa-with-SHA*: no parameters (RFC 5758 §3.2).
constexpr std::uint8_t kEcdsa256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
constexpr std::uint8_t kEcdsa384[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};

// sha*WithRSAEncryption: NULL (RFC 4055 §5).
#define RK_PKCS1(last) {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last, 0x05, 0x00}
constexpr std::uint8_t kPkcs1Sha256[] = RK_PKCS1(0x0b);
constexpr std::uint8_t kPkcs1Sha384[] = RK_PKCS1(0x0c);
constexpr std::uint8_t kPkcs1Sha512[] = RK_PKCS1(0x0d);
#undef RK_PKCS1

// id-RSASSA-PSS with the hash, MGF1 with the hash, and the salt's length (RFC 4055 §3.1).
#define RK_SHA2(last) 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last, 0x05, 0x00
#define RK_PSS(last, salt)                                                                         \
  {0x30, 0x41, 0x06, 0x09, 0x2a,          0x86, 0x48, 0x86,          0xf7, 0x0d, 0x01, 0x01, 0x0a, \
   0x30, 0x34, 0xa0, 0x0f, RK_SHA2(last), 0xa1, 0x1c, 0x30,          0x1a, 0x06, 0x09, 0x2a, 0x86, \
   0x48, 0x86, 0xf7, 0x0d, 0x01,          0x01, 0x08, RK_SHA2(last), 0xa2, 0x03, 0x02, 0x01, salt}
constexpr std::uint8_t kPssSha256[] = RK_PSS(0x01, 32);
constexpr std::uint8_t kPssSha384[] = RK_PSS(0x02, 48);
constexpr std::uint8_t kPssSha512[] = RK_PSS(0x03, 64);
#undef RK_PSS
#undef RK_SHA2

constexpr std::uint8_t kEd25519[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};

}  // namespace

keysocket::Octets AlgorithmIdentifier(keysocket::WireScheme scheme) noexcept {
  using keysocket::WireScheme;
  switch (scheme) {
    case WireScheme::kEcdsaSha256: return kEcdsa256;
    case WireScheme::kEcdsaSha384: return kEcdsa384;
    case WireScheme::kRsaPkcs1Sha256: return kPkcs1Sha256;
    case WireScheme::kRsaPkcs1Sha384: return kPkcs1Sha384;
    case WireScheme::kRsaPkcs1Sha512: return kPkcs1Sha512;
    case WireScheme::kRsaPssSha256: return kPssSha256;
    case WireScheme::kRsaPssSha384: return kPssSha384;
    case WireScheme::kRsaPssSha512: return kPssSha512;
    case WireScheme::kEd25519: return kEd25519;
  }
  return {};
}

}  // namespace rootkeep::provider
