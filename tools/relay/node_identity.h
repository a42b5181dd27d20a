// By which a node is known to its clients and to the CA.
#pragma once

#include <string>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"

namespace rootkeep::relay {

struct NodeIdentity {
  std::string chain_pem;     // leaf first
  std::string key_pem;       // a private key, or a key reference that this process's OpenSSL can sign with
  std::string ca_roots_pem;  // what the CA's certificate must chain to
  WallTime not_after;        // of the leaf
};

// Whether key and certificate can be read and belong together, which gRPC would say only in its log.
// FAILED_PRECONDITION with OpenSSL's reason.
Status CheckIdentity(const NodeIdentity& identity);

}  // namespace rootkeep::relay
