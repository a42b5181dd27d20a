// Who calls Rootkeep's own API: a local socket's one caller, or who a client certificate or token says.
#pragma once

#include "keystore/base/snapshot.h"
#include "signer/authn/authenticator.h"
#include "signer/policy/policy.h"
#include "signer/rpc/peer.h"

namespace rootkeep {

struct KnownCaller {
  Caller caller;    // for policy and the record
  ApiCaller entry;  // what the configuration lets it do
};

// Thread-safe.
class ApiCallers {
 public:
  // Both outlive this.
  ApiCallers(const Authenticator& authenticator, const Snapshot<Policy>& policy)
      : authenticator_(authenticator), policy_(policy) {}

  // UNAUTHENTICATED with reason "plaintext" on a connection that is neither TLS nor a caller's local socket,
  // "no_credential" without credentials, and the authenticator's reasons; PERMISSION_DENIED as FindApiCaller.
  [[nodiscard]] Result<KnownCaller> Recognise(const Peer& peer) const;

  // The caller's entry as the configuration has it by now. Errors as FindApiCaller.
  [[nodiscard]] Result<ApiCaller> EntryOf(const Caller& caller) const;

 private:
  const Authenticator& authenticator_;
  const Snapshot<Policy>& policy_;
};

}  // namespace rootkeep
