#include "attestation/verifier/signing_key.h"

namespace rootkeep::attestation {
namespace {

constexpr std::uint32_t kDefaultExponent = 65537;  // encoded as 0, Part 2 §12.2.3.5
constexpr std::uint16_t kMinRsaBits = 2048;

}  // namespace

bool IsStrongHash(Algorithm hash) {
  return hash == Algorithm::kSha256 || hash == Algorithm::kSha384 || hash == Algorithm::kSha512;
}

bool IsAcceptedSize(const PublicArea& area) {
  if (const auto* rsa = std::get_if<RsaKey>(&area.key)) {
    return rsa->key_bits >= kMinRsaBits && (rsa->exponent == 0 || rsa->exponent == kDefaultExponent);
  }
  const auto* ecc = std::get_if<EccKey>(&area.key);
  return ecc != nullptr && (ecc->curve == Curve::kP256 || ecc->curve == Curve::kP384);
}

const Scheme& SchemeOf(const PublicArea& area) {
  if (const auto* rsa = std::get_if<RsaKey>(&area.key)) return rsa->scheme;
  return std::get<EccKey>(area.key).scheme;
}

bool IsAcceptedScheme(const PublicArea& area) {
  const Scheme& scheme = SchemeOf(area);
  const bool fits = std::holds_alternative<RsaKey>(area.key)
                        ? scheme.algorithm == Algorithm::kRsaSsa || scheme.algorithm == Algorithm::kRsaPss
                        : scheme.algorithm == Algorithm::kEcdsa;
  return fits && IsStrongHash(scheme.hash);
}

}  // namespace rootkeep::attestation
