// One request to the istio API from start to end: key, CSR, call, and a look at what came back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "keystore/signer.h"
#include "signer/client/istio_client.h"
#include "signer/general_name.h"
#include "tools/rootkeep/software_key.h"

namespace rootkeep::cli {

struct RequestPlan {
  KeyType key_type = KeyType::kEcP256;
  std::vector<GeneralName> names;  // in the CSR; the server decides what it makes of them
  std::int64_t ttl_seconds = 0;    // 0: the server's default
  std::string impersonated;        // empty: for oneself
  // Instead of a fresh key, at most one of them:
  const Signer* signer = nullptr;  // this key, which signs the CSR
  std::string csr_pem;             // a CSR, sent as it is
};

struct ObtainedCertificate {
  SecretBytes key_pem;    // empty when the plan brought a key or a CSR
  std::string chain_pem;  // leaf and intermediates
  std::string bundle_pem;
  std::string request_id;
  unsigned attempts = 1;
};

// Errors as IstioClient's and Signer::Sign's; DATA_LOSS when the certificate is for another key or does not verify to
// the bundle.
Result<ObtainedCertificate> Obtain(const IstioClient& client, const RequestPlan& plan);

// Writes key.pem (0600), cert-chain.pem and root-cert.pem (0644), istio-agent's names, into `directory`, which is made
// where it is missing.
Status WriteCertificateFiles(const ObtainedCertificate& obtained, const std::string& directory);

}  // namespace rootkeep::cli
