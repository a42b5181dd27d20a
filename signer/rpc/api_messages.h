// Messages of Rootkeep's own API, and what they are here.
#pragma once

#include "keystore/base/result.h"
#include "proto/rootkeep/v1/certificate_authority.pb.h"
#include "signer/bundle/trust_bundle.h"
#include "signer/issue/job.h"

namespace rootkeep {

v1::TrustBundle ToProto(const TrustBundle& bundle);

// As it came; TrustBundles checks it.
JwtKey FromProto(const v1::JwtKey& key);

// The certificate and those above it, each DER, without the root. INVALID_ARGUMENT when one is not PEM.
Result<std::vector<Bytes>> ChainOf(const Issued& issued);

}  // namespace rootkeep
