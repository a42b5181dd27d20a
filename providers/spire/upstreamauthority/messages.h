// A trust bundle in SPIRE's words.
#pragma once

#include "proto/rootkeep/v1/certificate_authority.pb.h"
#include "proto/spire/upstreamauthority.pb.h"

namespace rootkeep::spire {

namespace upstreamauthority = ::spire::plugin::server::upstreamauthority::v1;

// Roots only: a chain goes into a Mint stream's first response.
upstreamauthority::MintX509CAResponse ToMintResponse(const v1::TrustBundle& bundle);
upstreamauthority::PublishJWTKeyResponse ToPublishResponse(const v1::TrustBundle& bundle);
upstreamauthority::SubscribeToLocalBundleResponse ToLocalBundle(const v1::TrustBundle& bundle);

v1::JwtKey FromSpire(const ::spire::plugin::types::JWTKey& key);

// Whether the same roots are tainted in both.
bool SameTaint(const v1::TrustBundle& a, const v1::TrustBundle& b);

}  // namespace rootkeep::spire
