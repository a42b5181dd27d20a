// What a CA answered, looked at before anybody uses it: clients of istiod check nothing of this, and whoever uses the
// files later would find out too late.
#pragma once

#include <openssl/evp.h>

#include <span>
#include <string>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"

namespace rootkeep {

struct IssuedCertificate {
  std::string chain_pem;  // leaf and intermediates
  std::string bundle_pem;
  WallTime not_before;  // of the leaf
  WallTime not_after;
};

// `elements` as the istio API has them: leaf, intermediates, whole trust bundle last; at least two. DATA_LOSS when the
// certificate does not chain to the bundle at `now`, or is for another key than `key` (null: any).
Result<IssuedCertificate> ReadAnswer(std::span<const std::string> elements, const EVP_PKEY* key, WallTime now);

// The same of what was written to files before.
Result<IssuedCertificate> CheckIssued(std::string chain_pem, std::string bundle_pem, const EVP_PKEY* key, WallTime now);

}  // namespace rootkeep
