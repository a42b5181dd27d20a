#include "signer/rpc/api_messages.h"

#include "signer/authority/authority.h"
#include "signer/der/pem.h"

namespace rootkeep {

v1::TrustBundle ToProto(const TrustBundle& bundle) {
  v1::TrustBundle out;
  out.set_trust_domain(bundle.trust_domain);
  out.set_sequence(bundle.sequence);
  for (const BundleRoot& root : bundle.roots) {
    v1::X509Root& message = *out.add_roots();
    message.set_certificate(std::string(AsText(root.certificate)));
    message.set_tainted(root.tainted);
  }
  for (const JwtKey& key : bundle.jwt_keys) {
    v1::JwtKey& message = *out.add_jwt_keys();
    message.set_key_id(key.key_id);
    message.set_public_key(std::string(AsText(key.public_key)));
    message.set_expires_at(key.expires_at);
    message.set_tainted(key.tainted);
  }
  return out;
}

JwtKey FromProto(const v1::JwtKey& key) {
  return {.key_id = key.key_id(),
          .public_key = ToBytes(AsBytes(key.public_key())),
          .expires_at = key.expires_at(),
          .tainted = key.tainted()};
}

Result<std::vector<Bytes>> ChainOf(const Issued& issued) {
  std::vector<Bytes> chain;
  RK_TRY(Bytes leaf, der::FirstPemBlock(issued.leaf_pem));
  chain.push_back(std::move(leaf));
  for (const std::string& element : issued.authority->chain_elements()) {
    RK_TRY(Bytes above, der::FirstPemBlock(element));
    chain.push_back(std::move(above));
  }
  return chain;
}

}  // namespace rootkeep
