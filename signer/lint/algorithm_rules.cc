#include "signer/lint/algorithm_rules.h"

#include <string>
#include <string_view>

#include "signer/lint/fields.h"

namespace rootkeep::lint {
namespace {

// The whole AlgorithmIdentifier in hexadecimal, made apart from the builder's tables.
constexpr std::string_view Expected(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::kEcdsaSha256: return "300a06082a8648ce3d040302";
    case SignatureScheme::kEcdsaSha384: return "300a06082a8648ce3d040303";
    case SignatureScheme::kRsaPkcs1Sha256: return "300d06092a864886f70d01010b0500";
    case SignatureScheme::kRsaPkcs1Sha384: return "300d06092a864886f70d01010c0500";
    case SignatureScheme::kRsaPkcs1Sha512: return "300d06092a864886f70d01010d0500";
    case SignatureScheme::kRsaPssSha256:
      return "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a86"
             "4886f70d010108300d06096086480165030402010500a203020120";
    case SignatureScheme::kRsaPssSha384:
      return "304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a86"
             "4886f70d010108300d06096086480165030402020500a203020130";
    case SignatureScheme::kRsaPssSha512:
      return "304106092a864886f70d01010a3034a00f300d06096086480165030402030500a11c301a06092a86"
             "4886f70d010108300d06096086480165030402030500a203020140";
    case SignatureScheme::kEd25519: return "300506032b6570";
  }
  return "";
}

}  // namespace

Status CheckAlgorithm(ByteView algorithm, SignatureScheme scheme) {
  if (ToHex(algorithm) != Expected(scheme)) {
    return Broken("lint_algorithm", "the signature algorithm is not the issuer's");
  }
  return Ok();
}

}  // namespace rootkeep::lint
