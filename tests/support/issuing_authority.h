// An authority over software keys that tests of issuance can stall and falsify, and what they ask it for.
#pragma once

#include <memory>
#include <string>

#include "signer/authority/authority.h"
#include "signer/issue/job.h"
#include "tests/support/gated_signer.h"

namespace rootkeep::testing {

// A root and an issuing CA below it, both P-256, valid for years.
struct IssuingAuthority {
  explicit IssuingAuthority(const std::string& name = "mesh", const std::string& trust_domain = "cluster.local");

  std::shared_ptr<GatedSigner> signer;
  std::shared_ptr<const Authority> authority;
};

// A fresh P-256 request without names.
std::string MakeCsrPem();

// Ok when leaf and chain verify to the bundle by OpenSSL's strict rules.
Status VerifyChain(const Issued& issued);

}  // namespace rootkeep::testing
