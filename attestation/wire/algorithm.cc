#include "attestation/wire/algorithm.h"

#include <fmt/format.h>

namespace rootkeep::attestation {

std::size_t HashSize(Algorithm hash) {
  switch (hash) {
    case Algorithm::kSha1: return 20;
    case Algorithm::kSha256: return 32;
    case Algorithm::kSha384: return 48;
    case Algorithm::kSha512: return 64;
    default: return 0;
  }
}

const EVP_MD* HashMd(Algorithm hash) {
  switch (hash) {
    case Algorithm::kSha1: return ossl::Sha1();
    case Algorithm::kSha256: return ossl::Sha256();
    case Algorithm::kSha384: return ossl::Sha384();
    case Algorithm::kSha512: return ossl::Sha512();
    default: return nullptr;
  }
}

Result<Bytes> TpmHash(Algorithm hash, ByteView data) {
  const EVP_MD* const md = HashMd(hash);
  if (md == nullptr) return InvalidArgument(fmt::format("{} is no hash function known here", AlgorithmName(hash)));
  Bytes digest(HashSize(hash));
  if (EVP_Digest(data.data(), data.size(), digest.data(), nullptr, md, nullptr) != 1) {
    return ossl::TakeError(Code::kInternal, "EVP_Digest");
  }
  return digest;
}

std::string AlgorithmName(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kRsa: return "rsa";
    case Algorithm::kSha1: return "sha1";
    case Algorithm::kAes: return "aes";
    case Algorithm::kSha256: return "sha256";
    case Algorithm::kSha384: return "sha384";
    case Algorithm::kSha512: return "sha512";
    case Algorithm::kNull: return "null";
    case Algorithm::kRsaSsa: return "rsassa";
    case Algorithm::kRsaEs: return "rsaes";
    case Algorithm::kRsaPss: return "rsapss";
    case Algorithm::kOaep: return "oaep";
    case Algorithm::kEcdsa: return "ecdsa";
    case Algorithm::kEcdh: return "ecdh";
    case Algorithm::kEcDaa: return "ecdaa";
    case Algorithm::kKdf1Sp800_56a: return "kdf1_sp800_56a";
    case Algorithm::kKdf1Sp800_108: return "kdf1_sp800_108";
    case Algorithm::kEcc: return "ecc";
    case Algorithm::kCfb: return "cfb";
  }
  return fmt::format("0x{:04x}", static_cast<std::uint16_t>(algorithm));
}

}  // namespace rootkeep::attestation
