// The node key: the one that is to be certified, whose private half is in the TPM.
#pragma once

#include <optional>
#include <vector>

#include "attestation/wire/public_area.h"
#include "keystore/base/openssl.h"

namespace rootkeep::attestation {

// One that met the rules of CheckNodeKey.
struct NodeKey {
  PublicArea area;
  Bytes name;
  Bytes spki;  // DER SubjectPublicKeyInfo
};

// What a policy allows of node keys.
struct NodeKeyRules {
  // The authorisation policies (digests) that a node key may have beside none. A key with none is used by its auth
  // value; one with a policy listed here may allow both.
  std::vector<Bytes> auth_policies;
  // The node says what its key's parent is, and the certification shows that it is.
  bool require_parent = false;
};

// `tpmt_public` is a key for TLS: RSA-2048 or more, P-256 or P-384, named by a strong hash; made in the TPM and fixed
// to it and to its parent; for signing alone and not restricted; with any scheme, RSASSA or ECDSA. Not with RSAPSS
// alone: requests that are signed so are taken from nobody.
//
// PERMISSION_DENIED "node_key_structure", "node_key_attributes", "node_key_size" or "node_key_scheme"; INTERNAL when
// OpenSSL fails.
Result<NodeKey> CheckNodeKey(ByteView tpmt_public);

// Who may use the key: by auth value (userWithAuth) without a policy, or by a policy that `rules` list.
// PERMISSION_DENIED "node_key_auth".
Status CheckNodeKeyAuth(const NodeKey& key, const NodeKeyRules& rules);

// The qualified name that `key` has below `parent`, the TPMT_PUBLIC of a primary key of the owner hierarchy that is a
// storage key fixed to the TPM. Nothing when `parent` is empty, that is: not said. PERMISSION_DENIED "node_key_parent".
Result<std::optional<Bytes>> QualifiedNameBelow(ByteView parent, const NodeKey& key);

}  // namespace rootkeep::attestation
