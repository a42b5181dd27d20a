#include "providers/spire/upstreamauthority/messages.h"

#include <set>
#include <string>

namespace rootkeep::spire {
namespace {

void Fill(const v1::X509Root& root, ::spire::plugin::types::X509Certificate& out) {
  out.set_asn1(root.certificate());
  out.set_tainted(root.tainted());
}

void Fill(const v1::JwtKey& key, ::spire::plugin::types::JWTKey& out) {
  out.set_public_key(key.public_key());
  out.set_key_id(key.key_id());
  out.set_expires_at(key.expires_at());
  out.set_tainted(key.tainted());
}

std::set<std::string> Tainted(const v1::TrustBundle& bundle) {
  std::set<std::string> tainted;
  for (const v1::X509Root& root : bundle.roots()) {
    if (root.tainted()) tainted.insert(root.certificate());
  }
  return tainted;
}

}  // namespace

upstreamauthority::MintX509CAResponse ToMintResponse(const v1::TrustBundle& bundle) {
  upstreamauthority::MintX509CAResponse response;
  for (const v1::X509Root& root : bundle.roots()) Fill(root, *response.add_upstream_x509_roots());
  return response;
}

upstreamauthority::PublishJWTKeyResponse ToPublishResponse(const v1::TrustBundle& bundle) {
  upstreamauthority::PublishJWTKeyResponse response;
  for (const v1::JwtKey& key : bundle.jwt_keys()) Fill(key, *response.add_upstream_jwt_keys());
  return response;
}

upstreamauthority::SubscribeToLocalBundleResponse ToLocalBundle(const v1::TrustBundle& bundle) {
  upstreamauthority::SubscribeToLocalBundleResponse response;
  for (const v1::X509Root& root : bundle.roots()) Fill(root, *response.add_upstream_x509_roots());
  for (const v1::JwtKey& key : bundle.jwt_keys()) Fill(key, *response.add_upstream_jwt_keys());
  return response;
}

v1::JwtKey FromSpire(const ::spire::plugin::types::JWTKey& key) {
  v1::JwtKey out;
  out.set_public_key(key.public_key());
  out.set_key_id(key.key_id());
  out.set_expires_at(key.expires_at());
  out.set_tainted(key.tainted());
  return out;
}

bool SameTaint(const v1::TrustBundle& a, const v1::TrustBundle& b) { return Tainted(a) == Tainted(b); }

}  // namespace rootkeep::spire
