// Asks rootkeepd's TrustBundleAdministration.
#pragma once

#include <memory>
#include <utility>

#include "proto/rootkeep/v1/trust_bundle_administration.pb.h"
#include "signer/client/ca_connection.h"

namespace rootkeep {

// Thread-safe. Each call blocks until the answer, every root or JWT key on record after it, or the deadline. Errors
// carry the server's code and words; UNAVAILABLE while it is away.
class RootClient {
 public:
  // Errors as CaConnection::Make's.
  static Result<std::unique_ptr<RootClient>> Make(CaConnectionOptions options);

  Result<v1::RootList> List(const v1::ListRootsRequest& request, Deadline deadline);
  Result<v1::RootList> Add(const v1::AddRootRequest& request, Deadline deadline);
  Result<v1::RootList> Activate(const v1::ActivateRootRequest& request, Deadline deadline);
  Result<v1::RootList> Taint(const v1::TaintRootRequest& request, Deadline deadline);
  Result<v1::RootList> Remove(const v1::RemoveRootRequest& request, Deadline deadline);

  Result<v1::JwtKeyList> ListJwtKeys(const v1::ListJwtKeysRequest& request, Deadline deadline);
  Result<v1::JwtKeyList> RemoveJwtKey(const v1::RemoveJwtKeyRequest& request, Deadline deadline);

 private:
  explicit RootClient(std::unique_ptr<CaConnection> connection) : connection_(std::move(connection)) {}

  template <typename Response, typename Method, typename Request>
  Result<Response> Ask(const char* name, Method method, const Request& request, Deadline deadline);

  const std::unique_ptr<CaConnection> connection_;
};

}  // namespace rootkeep
