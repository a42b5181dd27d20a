#include "providers/spire/keymanager/sign_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "keystore/base/bytes.h"

namespace rootkeep::spire {
namespace {

using keysocket::WireScheme;
using keysocket::WireType;

struct Hash {
  int number;
  std::string_view name;
  std::size_t size;
};

constexpr std::array<Hash, 10> kHashes{{{4, "SHA224", 28},
                                        {5, "SHA256", 32},
                                        {6, "SHA384", 48},
                                        {7, "SHA512", 64},
                                        {10, "SHA3_224", 28},
                                        {11, "SHA3_256", 32},
                                        {12, "SHA3_384", 48},
                                        {13, "SHA3_512", 64},
                                        {14, "SHA512_224", 28},
                                        {15, "SHA512_256", 32}}};

struct RsaSchemes {
  int hash;
  WireScheme pkcs1;
  WireScheme pss;
};
constexpr std::array<RsaSchemes, 3> kRsa{{{5, WireScheme::kRsaPkcs1Sha256, WireScheme::kRsaPssSha256},
                                          {6, WireScheme::kRsaPkcs1Sha384, WireScheme::kRsaPssSha384},
                                          {7, WireScheme::kRsaPkcs1Sha512, WireScheme::kRsaPssSha512}}};

constexpr std::int32_t kSaltAsHash = -1;
constexpr std::int32_t kSaltAuto = 0;

// As a number of `size` octets.
SignRequest Leftmost(WireScheme scheme, std::size_t size, ByteView digest) {
  SignRequest out{.scheme = scheme, .size = size};
  const std::size_t taken = std::min(size, digest.size());
  std::ranges::copy(digest.first(taken), out.digest.begin() + static_cast<std::ptrdiff_t>(size - taken));
  return out;
}

Result<SignRequest> PrepareRsa(const Hash& hash, const SignerOptions& options, ByteView digest) {
  const auto* const schemes = std::ranges::find(kRsa, hash.number, &RsaSchemes::hash);
  if (schemes == kRsa.end()) {
    return Error(Code::kUnimplemented, fmt::format("hash algorithm {} is not supported with an RSA key", hash.name))
        .WithHint("SHA256, SHA384 and SHA512 are");
  }
  if (!options.pss_salt_length) return Leftmost(schemes->pkcs1, hash.size, digest);
  const std::int32_t salt = *options.pss_salt_length;
  if (salt != kSaltAsHash && salt != kSaltAuto && salt != static_cast<std::int32_t>(hash.size)) {
    return Error(Code::kUnimplemented, fmt::format("PSS salt length {} is not supported with {}", salt, hash.name))
        .WithHint("a salt as long as the hash is");
  }
  return Leftmost(schemes->pss, hash.size, digest);
}

}  // namespace

Result<SignRequest> PrepareToSign(WireType type, const SignerOptions& options, std::string_view digest) {
  const auto* const hash = std::ranges::find(kHashes, options.hash, &Hash::number);
  if (hash == kHashes.end()) return InvalidArgument(fmt::format("hash algorithm {} is unknown", options.hash));
  if (digest.size() != hash->size) {
    return InvalidArgument(
        fmt::format("data is {} octets long, a {} digest has {}", digest.size(), hash->name, hash->size));
  }
  const ByteView octets = AsBytes(digest);
  if (type != WireType::kEcP256 && type != WireType::kEcP384) return PrepareRsa(*hash, options, octets);
  if (options.pss_salt_length) return InvalidArgument("PSS options are for RSA keys, and this is an EC key");
  return type == WireType::kEcP256 ? Leftmost(WireScheme::kEcdsaSha256, 32, octets)
                                   : Leftmost(WireScheme::kEcdsaSha384, 48, octets);
}

}  // namespace rootkeep::spire
